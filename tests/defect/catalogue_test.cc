// Rows and profiles: complete, distinct, composable; unknown names are told with near matches.
#include "model/defect/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace uffdsim {
namespace {

using testing::HasSubstr;

const char* const kInvariants[] = {
#define INVARIANT(id, number, sentence) #id,
#include "model/spec/invariants.def"
#undef INVARIANT
};

std::vector<DefectRow> AllDefects() {
  std::vector<DefectRow> rows(Defects().begin(), Defects().end());
  rows.insert(rows.end(), DerivedDefects().begin(), DerivedDefects().end());
  return rows;
}

TEST(DefectRows, AreDistinctAndReplaceSomething) {
  std::set<std::string_view> ids;
  for (const DefectRow& row : AllDefects()) {
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_FALSE(ReplacedBy(row).empty()) << row.id;
    EXPECT_FALSE(row.sentence.empty()) << row.id;
    EXPECT_THAT(row.kernel, HasSubstr("()")) << row.id;
    EXPECT_TRUE(row.promise.starts_with("I")) << row.id;
  }
}

TEST(DefectRows, NameAnInvariantOfTheReferee) {
  for (const DefectRow& row : Defects()) {
    EXPECT_FALSE(row.reference.empty()) << row.id;
    EXPECT_FALSE(row.versions.empty()) << row.id;
    EXPECT_FALSE(row.needs.empty()) << row.id;
    if (row.shows.empty()) continue;
    EXPECT_THAT(kInvariants, testing::Contains(row.shows)) << row.id;
  }
}

TEST(Profiles, ComposeFromKnownDefects) {
  for (const ProfileRow& row : Profiles()) {
    const auto steps = StepsOf(row.name);
    EXPECT_TRUE(steps.ok()) << row.name << ": " << steps.status();
  }
}

TEST(Names, UnknownOnesGetNearMatches) {
  const auto profile = StepsOf("linux-7.3.5");
  ASSERT_FALSE(profile.ok());
  EXPECT_THAT(std::string(profile.status().message()),
              HasSubstr("unknown profile 'linux-7.3.5'; did you mean linux-7.3.4"));

  const std::string near[] = {"omit:forked_presemt"};
  const auto defect = StepsOf("ideal", near);
  ASSERT_FALSE(defect.ok());
  EXPECT_THAT(std::string(defect.status().message()),
              HasSubstr("unknown defect 'omit:forked_presemt'; did you mean omit:forked_present"));

  const std::string far[] = {"qqq"};
  EXPECT_EQ(std::string(StepsOf("ideal", far).status().message()),
            "unknown defect 'qqq'; `uffdsim list defects` names them all");
}

TEST(Names, TwoDefectsCannotReplaceTheSameSite) {
  const std::string both[] = {"omit:forked_softleaf", "wrong-accessor:forked_softleaf"};
  const auto steps = StepsOf("ideal", both);
  ASSERT_FALSE(steps.ok());
  EXPECT_EQ(std::string(steps.status().message()),
            "defects 'omit:forked_softleaf' and 'wrong-accessor:forked_softleaf' both replace "
            "site forked_softleaf");
}

}  // namespace
}  // namespace uffdsim
