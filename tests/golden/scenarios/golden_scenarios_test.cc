// Does the model do what Linux 7.3.4 did? Every recording is replayed and compared record by
// record; what differs must stand, with its reason, in explained.txt, and each row there must be
// needed.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "golden_runner.h"

namespace uffdsim {
namespace {

const std::string kRoot = UFFDSIM_SOURCE_DIR "/tests/golden/scenarios";

TEST(GoldenScenarios, AgreeWithTheRecordings) {
  const auto cases = FindGoldenCases({kRoot});
  ASSERT_TRUE(cases.ok()) << cases.status();
  ASSERT_GT(cases->size(), 280U);
  const auto explained = LoadExplained(kRoot + "/explained.txt");
  ASSERT_TRUE(explained.ok()) << explained.status();
  std::vector<bool> used(explained->size(), false);
  int compared = 0;
  for (const GoldenCase& golden : *cases) {
    const auto report = RunGolden(golden, GoldenOptions{});
    ASSERT_TRUE(report.ok()) << report.status();
    compared += report->compared;
    EXPECT_EQ(report->died, "") << golden.name;
    for (const GoldenDifference& difference : report->differences) {
      bool covered = false;
      for (std::size_t row = 0; row < explained->size(); ++row) {
        const Explained& e = (*explained)[row];
        if (e.name != golden.name || difference.index < e.first || difference.index > e.last)
          continue;
        covered = true;
        used[row] = true;
      }
      if (covered) continue;
      ADD_FAILURE() << golden.name << " [" << difference.index << "] " << difference.operation
                    << "\n  " << difference.details.front();
      break;  // later differences usually follow from the first
    }
  }
  EXPECT_GT(compared, 11000);
  for (std::size_t row = 0; row < explained->size(); ++row) {
    EXPECT_TRUE(used[row]) << "explained.txt:" << (*explained)[row].line << ": not needed any more";
  }
}

}  // namespace
}  // namespace uffdsim
