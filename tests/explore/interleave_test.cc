// Do the engines see every schedule, find what is broken, and write files that show it again?
#include "sim/explore/interleave/interleave.h"

#include <gtest/gtest.h>

#include "sim/scenario/format.h"
#include "sim/scenario/run.h"

namespace uffdsim {
namespace {

InterleaveResult Check(std::string_view name, InterleaveOptions options = {}) {
  const Program* program = FindProgram(name);
  EXPECT_NE(program, nullptr) << name;
  const auto result = CheckInterleave(*program, options);
  EXPECT_TRUE(result.ok()) << result.status();
  return *result;
}

// The file of a failure fails again: a violation, or an expectation that does not hold.
void ExpectReplays(const InterleaveResult::Failure& failure) {
  RunOptions options;
  options.checking = Checking::kAlways;
  const auto run = RunScenario(failure.scenario, options);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_TRUE(run->violations != 0 || !run->failures.empty()) << failure.broken.invariant;
}

TEST(Interleave, EachClassicRaceEndsAsItsVerdictSays) {
  for (const Program& program : ClassicPrograms()) {
    const InterleaveResult result = Check(program.name);
    EXPECT_EQ(result.failure.has_value(), program.verdict == Program::Verdict::kBroken)
        << program.name << ": "
        << (result.failure ? result.failure->broken.invariant + ": " + result.failure->broken.detail
                           : "nothing found");
    EXPECT_EQ(result.complete, !result.failure.has_value()) << program.name;
    if (result.failure) ExpectReplays(*result.failure);
  }
}

TEST(Interleave, TheReleaseForgetsToWakeWhoWaitsForProtection) {
  InterleaveOptions options;
  options.machine.profile = "linux-7.3.4";
  const InterleaveResult result = Check("unregister-vs-rwp", options);
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_EQ(result.failure->broken.invariant, "NoLostWakeup");
  ExpectReplays(*result.failure);
}

// The whole point of a reduction: fewer schedules, the same ends.
TEST(Interleave, TheReductionsReachTheSameEnds) {
  for (const char* name : {"arm-vs-write", "move-vs-move", "wake-before-queue"}) {
    InterleaveOptions options;
    options.reduction = Reduction::kNone;
    const InterleaveResult all = Check(name, options);
    options.reduction = Reduction::kDpor;
    const InterleaveResult dpor = Check(name, options);
    const InterleaveResult states = Check(name);
    ASSERT_TRUE(all.complete && dpor.complete && states.complete) << name;
    EXPECT_EQ(dpor.ends, all.ends) << name;
    EXPECT_EQ(states.ends, all.ends) << name;
    EXPECT_LE(dpor.schedules, all.schedules) << name;
    EXPECT_LT(states.transitions, all.transitions) << name;
  }
}

TEST(Interleave, APreemptionBoundLeavesSchedulesOut) {
  InterleaveOptions options;
  options.preemptions = 0;
  const InterleaveResult none = Check("arm-vs-write", options);
  EXPECT_FALSE(none.failure.has_value());
  EXPECT_FALSE(none.complete);
  options.preemptions = 1;
  EXPECT_GT(Check("arm-vs-write", options).transitions, none.transitions);
}

TEST(Interleave, AWrongEvictionLoopIsFound) {
  const InterleaveResult result = Check("scan-before-sync");
  ASSERT_TRUE(result.failure.has_value());
  ExpectReplays(*result.failure);
}

TEST(Interleave, SampledSchedulesFindItTooAndAreTheSameEachTime) {
  InterleaveOptions options;
  options.seed = 22;
  options.pct = 1500;
  const InterleaveResult first = Check("scan-before-sync", options);
  const InterleaveResult second = Check("scan-before-sync", options);
  ASSERT_TRUE(first.failure.has_value() && second.failure.has_value());
  EXPECT_EQ(first.failure->schedule, second.failure->schedule);
  EXPECT_EQ(first.failure->scenario, second.failure->scenario);
}

TEST(Interleave, TheEnvironmentMayFailOnce) {
  InterleaveOptions options;
  options.failures = 1;
  const InterleaveResult with = Check("migrate-vs-fault", options);
  EXPECT_FALSE(with.failure.has_value());
  EXPECT_GT(with.states, Check("migrate-vs-fault").states);
  // A page that cannot be read back is lost, and the epilogue says so.
  const InterleaveResult pageout = Check("pageout-vs-fault", options);
  ASSERT_TRUE(pageout.failure.has_value());
  EXPECT_NE(FormatScenario(pageout.failure->scenario).find("choose fail_swap_in"),
            std::string::npos);
  ExpectReplays(*pageout.failure);
}

}  // namespace
}  // namespace uffdsim
