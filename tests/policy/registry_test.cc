// Can a user name every policy, and is every wrong name answered with what was expected?
#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/base/near_match.h"
#include "model/base/rng.h"
#include "sim/vmm/policy/registry.h"

namespace uffdsim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string ErrorOf(std::string_view text) {
  const absl::StatusOr<PolicyChoice> choice = ParsePolicy(text);
  return choice.ok() ? "no error" : std::string(choice.status().message());
}

TEST(NearMatch, Distance) {
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("CLOCK", "clock"), 0u);
  EXPECT_EQ(EditDistance("clokc", "clock"), 1u);
}

TEST(NearMatch, NearestFirstAndAtMostThree) {
  const std::string_view known[] = {"lru", "slru", "lfu", "clock", "lirs"};
  EXPECT_THAT(NearMatches("lru", known), ElementsAre("lru", "slru", "lfu"));
  EXPECT_THAT(NearMatches("clo", known), ElementsAre("clock"));
  EXPECT_THAT(NearMatches("zzzzzz", known), IsEmpty());
  EXPECT_EQ(DidYouMean("clokc", known), "; did you mean clock?");
  EXPECT_EQ(DidYouMean("zzzzzz", known), "; known: lru, slru, lfu, clock, lirs");
}

TEST(Registry, FormatsWhatItParses) {
  for (const PolicyRow& row : Policies()) {
    SCOPED_TRACE(row.name);
    const absl::StatusOr<PolicyChoice> choice = ParsePolicy(row.name);
    ASSERT_TRUE(choice.ok());
    const std::string text = FormatPolicy(*choice);
    const absl::StatusOr<PolicyChoice> again = ParsePolicy(text);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(FormatPolicy(*again), text);
    EXPECT_EQ(FindPolicy(row.name), again->row);
  }
  EXPECT_EQ(FormatPolicy(*ParsePolicy("clock:initial=1,bits=2")), "clock:bits=2,initial=1");
}

TEST(Registry, RowsAreWellFormed) {
  std::set<std::string_view> names;
  for (const PolicyRow& row : Policies()) {
    SCOPED_TRACE(row.name);
    EXPECT_TRUE(names.insert(row.name).second);
    EXPECT_EQ(row.sentence.back(), '.');
    EXPECT_FALSE(row.source.empty());
    for (const Parameter& parameter : row.parameters) {
      EXPECT_LE(parameter.lowest, parameter.initial) << parameter.key;
      EXPECT_LE(parameter.initial, parameter.highest) << parameter.key;
      EXPECT_FALSE(parameter.sentence.empty()) << parameter.key;
    }
  }
  EXPECT_GE(names.size(), 4u);
}

// One file and one row: a policy without a row, or a row without a file of its name, fails here.
TEST(Registry, FilesAndRowsAreTheSameSet) {
  std::set<std::string> files;
  const std::filesystem::path folder =
      std::filesystem::path(UFFDSIM_SOURCE_DIR) / "sim" / "vmm" / "policy";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".cc" && entry.path().stem() != "registry") {
      std::string name = entry.path().stem().string();
      std::replace(name.begin(), name.end(), '_', '-');
      files.insert(name);
    }
  }
  std::set<std::string> rows;
  for (const PolicyRow& row : Policies()) rows.emplace(row.name);
  EXPECT_EQ(files, rows);
}

TEST(Registry, ErrorsNamePositionAndExpectation) {
  EXPECT_EQ(ErrorOf("clokc"), "policy, character 1: unknown policy 'clokc'; did you mean clock?");
  EXPECT_EQ(ErrorOf("clock:bist=2"),
            "policy, character 7: clock has no parameter 'bist'; did you mean bits?");
  EXPECT_EQ(ErrorOf("clock:bits=9"),
            "policy, character 12: '9' is no value of bits; expected a whole number from 0 to 3");
  EXPECT_EQ(ErrorOf("clock:bits=1.5"),
            "policy, character 12: '1.5' is no value of bits; expected a whole number from 0 to 3");
  EXPECT_THAT(ErrorOf("clock:bits="), HasSubstr("'' is no value of bits"));
  EXPECT_THAT(ErrorOf("clock:bits=nan"), HasSubstr("'nan' is no value of bits"));
  EXPECT_EQ(ErrorOf("clock:bits=1,bits=2"), "policy, character 14: bits is given twice");
  EXPECT_EQ(ErrorOf("clock:"), "policy, character 7: expected key=value, found ''");
  EXPECT_EQ(ErrorOf("lru:x=1"), "policy, character 5: lru has no parameter 'x'");
  EXPECT_THAT(ErrorOf(""), HasSubstr("unknown policy ''; known: age, clock"));
}

// Whatever is written, the answer is a choice that prints itself or an error with a position.
TEST(Registry, AnyTextIsAnswered) {
  constexpr std::uint64_t kSeed = 5;
  constexpr std::string_view kPieces[] = {"clock", "s3fifo", ":", ",",   "=", "bits",
                                          "rule",  "paper",  "1", "-",   ".", "e",
                                          "99",    "inf",    " ", "\xff"};
  Rng rng(kSeed);
  std::size_t choices = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text(rng.Below(2) == 0 ? "clock:" : "");
    for (std::uint64_t left = rng.Below(6); left > 0; --left) {
      text += kPieces[rng.Below(std::size(kPieces))];
    }
    const absl::StatusOr<PolicyChoice> choice = ParsePolicy(text);
    if (choice.ok()) {
      ++choices;
      const std::string printed = FormatPolicy(*choice);
      ASSERT_EQ(FormatPolicy(*ParsePolicy(printed)), printed) << text << ", seed " << kSeed;
    } else {
      ASSERT_THAT(std::string(choice.status().message()), HasSubstr("policy, character ")) << text;
    }
  }
  EXPECT_GT(choices, 100u);
}

TEST(NextUses, PointAtTheNextReferenceToTheSamePage) {
  const PageId pages[] = {1, 2, 1, 0, 2, 1};
  EXPECT_THAT(NextUses(pages, 3), ElementsAre(2, 4, 5, kNeverAgain, kNeverAgain, kNeverAgain));
}

}  // namespace
}  // namespace uffdsim
