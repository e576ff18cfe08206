// On every bundled trace, at small and large sizes, no policy misses less than MIN, whatever it
// draws at random.
#include <filesystem>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "sim/mrc/references.h"
#include "tests/policy/policy_harness.h"

namespace uffdsim {
namespace {

std::set<std::string> Samples() {
  std::set<std::string> paths;
  const std::filesystem::path folder =
      std::filesystem::path(UFFDSIM_SOURCE_DIR) / "traces" / "samples";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".uft") paths.insert(entry.path().string());
  }
  return paths;
}

class BundledTrace : public ::testing::TestWithParam<std::string> {};

TEST_P(BundledTrace, MinIsALowerBoundForEveryPolicy) {
  const absl::StatusOr<ReferenceString> read = ReadReferences(GetParam());
  ASSERT_TRUE(read.ok()) << read.status();
  testing::References references;
  references.pages = read->pages;
  references.page_count = read->page_count;
  for (const std::uint64_t percent : {3U, 30U}) {
    const std::uint64_t capacity =
        std::max<std::uint64_t>(read->footprint_pages * percent / 100, 1);
    const std::uint64_t bound = testing::Misses("min", references, capacity);
    EXPECT_GE(bound, read->footprint_pages);
    for (const PolicyRow& row : Policies()) {
      EXPECT_GE(testing::Misses(row.name, references, capacity), bound)
          << row.name << " with " << capacity << " pages";
    }
  }
}

std::string NameOf(const ::testing::TestParamInfo<std::string>& info) {
  return std::filesystem::path(info.param).stem().string();
}

INSTANTIATE_TEST_SUITE_P(Samples, BundledTrace, ::testing::ValuesIn(Samples()), NameOf);

}  // namespace
}  // namespace uffdsim
