// Ranges of versions, and profiles as the lists that follow from them.
#include "model/defect/versions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "model/defect/catalogue.h"

namespace uffdsim {
namespace {

using testing::Contains;
using testing::Not;
using testing::Optional;

TEST(Versions, RangesIncludeBothEnds) {
  for (const char* kernel : {"5.7", "5.19.8", "6.1-rc", "6.12"}) {
    EXPECT_THAT(VersionsInclude("5.7 - 6.12", kernel), Optional(true)) << kernel;
  }
  for (const char* kernel : {"5.6", "5.7-rc", "6.12.1", "7.3.0", "rwp-v1", "minor-anon"}) {
    EXPECT_THAT(VersionsInclude("5.7 - 6.12", kernel), Optional(false)) << kernel;
  }
}

TEST(Versions, PostingsLieBetweenReleases) {
  EXPECT_THAT(VersionsInclude("5.7 - 7.2.13", "rwp-v1"), Optional(false));
  EXPECT_THAT(VersionsInclude("5.7 - 7.3.4", "rwp-v10"), Optional(true));
  EXPECT_THAT(VersionsInclude("rwp-v2 - rwp-v10", "rwp-v9"), Optional(true));
  EXPECT_THAT(VersionsInclude("rwp-v2 - rwp-v10", "rwp-v1"), Optional(false));
  EXPECT_THAT(VersionsInclude("rwp-v3 - 7.3.3", "rwp-v2"), Optional(false));
  EXPECT_THAT(VersionsInclude("rwp-v3 - 7.3.3", "7.3.0"), Optional(true));
  EXPECT_THAT(VersionsInclude("rwp-v3 - 7.3.3", "7.3.4"), Optional(false));
  EXPECT_THAT(VersionsInclude("7.3-rc - 7.3.4", "rwp-v10"), Optional(false));
}

TEST(Versions, OpenRangesNamesAndLists) {
  EXPECT_THAT(VersionsInclude("- rwp-v6", "rwp-v6"), Optional(true));
  EXPECT_THAT(VersionsInclude("- rwp-v6", "rwp-v7"), Optional(false));
  EXPECT_THAT(VersionsInclude("seeded", "7.3.4"), Optional(false));
  EXPECT_THAT(VersionsInclude("minor-anon", "minor-anon"), Optional(true));
  EXPECT_THAT(VersionsInclude("6.7 - 7.1, rwp-v1 - rwp-v4", "rwp-v4"), Optional(true));
  EXPECT_THAT(VersionsInclude("6.7 - 7.1, rwp-v1 - rwp-v4", "6.8"), Optional(true));
  EXPECT_THAT(VersionsInclude("6.7 - 7.1, rwp-v1 - rwp-v4", "rwp-v5"), Optional(false));
}

TEST(Versions, OtherTextIsNotUnderstood) {
  for (const char* text : {"", "5.7 - ", "5.7 - x", "5 - 6.1", "6.1 - 5.7", "rwp-v - 7.3.4",
                           "5.7 - 6.1 or so", "5.7 - 6.1, ", "- -6.1", "5.7.1.2 - 6.1"}) {
    EXPECT_EQ(VersionsInclude(text, "5.8"), std::nullopt) << text;
  }
}

TEST(Versions, OfEveryRowAreUnderstood) {
  for (const DefectRow& row : Defects()) {
    EXPECT_TRUE(VersionsInclude(row.versions, "7.3.4").has_value())
        << row.id << ": " << row.versions;
  }
}

std::vector<std::string_view> Of(std::string_view profile) {
  const ProfileRow* row = FindProfile(profile);
  EXPECT_NE(row, nullptr) << profile;
  return row == nullptr ? std::vector<std::string_view>() : DefectsOf(*row);
}

TEST(Profiles, AreTheRowsWhoseVersionsIncludeThem) {
  EXPECT_THAT(Of("ideal"), testing::IsEmpty());
  // All that 7.3.4 itself does wrong and that RWP brought, every posting did before.
  for (const std::string_view id : Of("linux-7.3.4")) {
    EXPECT_TRUE(id.starts_with("release-")) << id;
    for (int posting = 1; posting <= 10; ++posting) {
      EXPECT_THAT(Of("rwp-v" + std::to_string(posting)), Contains(id)) << posting;
    }
  }
  EXPECT_THAT(Of("rwp-v10"), Contains("H8-rwp-zap-leaves-wp-marker"));
  EXPECT_THAT(Of("rwp-v10"), Contains("R7-mremap-merge-unregisters-neighbour"));
  EXPECT_THAT(Of("rwp-v6"), Contains("N13-stale-wp-markers-promoted"));
  EXPECT_THAT(Of("rwp-v7"), Not(Contains("N13-stale-wp-markers-promoted")));
  EXPECT_THAT(Of("minor-anon"),
              testing::ElementsAre("E10-setmode-enables-unnegotiated", "D1-minor-zap-and-refault",
                                   "D2-minor-of-anonymous"));
}

TEST(References, NameScenariosThatExist) {
  const std::filesystem::path root = UFFDSIM_SOURCE_DIR;
  int named = 0;
  for (const DefectRow& row : Defects()) {
    if (!row.reference.starts_with("tests/")) continue;
    ++named;
    EXPECT_TRUE(std::filesystem::exists(root / row.reference)) << row.id << ": " << row.reference;
  }
  EXPECT_GT(named, 10);
}

// When a finding began, as its page has it and as its defect's row has it.
struct Page {
  std::string_view name;
  std::string_view since;
};
constexpr Page kPages[] = {
#define PAGE(name, since, expected, suggestion) {name, since},
#include "sim/conform/findings.def"
#undef PAGE
};
struct Found {
  std::string_view name;
  std::string_view defect;
};
constexpr Found kFound[] = {
#define FINDING(name, invariant, defect, kernel, explanation) {name, defect},
#include "sim/explore/findings.def"
#undef FINDING
};

TEST(Findings, BeganWhenTheRowSays) {
  for (const Page& page : kPages) {
    const auto found = std::find_if(std::begin(kFound), std::end(kFound),
                                    [&](const Found& f) { return f.name == page.name; });
    ASSERT_NE(found, std::end(kFound)) << page.name;
    // A defect may have another finding that is older, so only the defect's first one is asked.
    const auto first = std::find_if(std::begin(kFound), std::end(kFound),
                                    [&](const Found& f) { return f.defect == found->defect; });
    if (first != found) continue;
    const DefectRow* row = FindDefect(found->defect);
    ASSERT_NE(row, nullptr) << found->defect;
    const std::string_view from = row->versions.substr(0, row->versions.find(' '));
    const std::string expected = from == "rwp-v1" ? "7.3" : std::string(from);
    EXPECT_THAT(std::string(page.since), testing::HasSubstr(expected)) << page.name;
  }
}

}  // namespace
}  // namespace uffdsim
