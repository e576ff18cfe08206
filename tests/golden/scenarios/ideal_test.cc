// Is the referee silent where nothing is wrong? Every recorded scenario runs on the clean code with
// the referee beside it.
#include <gtest/gtest.h>

#include <string>

#include "golden_runner.h"
#include "sim/scenario/parse.h"
#include "sim/scenario/run.h"

namespace uffdsim {
namespace {

const std::string kRoot = UFFDSIM_SOURCE_DIR "/tests/golden/scenarios";

TEST(GoldenScenarios, TheRefereeIsSilentOnTheIdealKernel) {
  const auto cases = FindGoldenCases({kRoot});
  ASSERT_TRUE(cases.ok()) << cases.status();
  ASSERT_GT(cases->size(), 280U);
  std::size_t operations = 0;
  for (const GoldenCase& golden : *cases) {
    const auto scenario = LoadScenario(golden.scenario);
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    const auto recording = LoadRecording(golden.recording);
    ASSERT_TRUE(recording.ok()) << recording.status();
    RunOptions options;
    options.arch = recording->arch;
    options.profile = "ideal";
    options.checking = Checking::kAlways;
    const auto result = RunScenario(*scenario, options);
    ASSERT_TRUE(result.ok()) << result.status();
    operations += result->records.size();
    for (const Record& record : result->records) {
      for (const RecordViolation& v : record.violations) {
        ADD_FAILURE() << golden.name << " [" << record.index << "] " << v.invariant << " at "
                      << v.at << " in " << v.step << ": " << v.detail;
      }
    }
  }
  EXPECT_GT(operations, 11000U);
}

}  // namespace
}  // namespace uffdsim
