// Do the engines see every schedule, find what is broken, and write files that show it again?
#include "sim/explore/interleave/interleave.h"

#include <gtest/gtest.h>

#include "sim/explore/failure.h"
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

// Within a bound the reduction may leave out only what something within the bound stands for.
TEST(Interleave, TheBoundedReductionReachesTheSameEnds) {
  for (const char* name : {"arm-vs-write", "move-vs-move", "wake-before-queue"}) {
    std::uint64_t transitions = 0;
    for (const std::uint32_t bound : {0U, 1U, 2U}) {
      InterleaveOptions options;
      options.preemptions = bound;
      options.reduction = Reduction::kNone;
      const InterleaveResult all = Check(name, options);
      options.reduction = Reduction::kDpor;
      const InterleaveResult dpor = Check(name, options);
      EXPECT_EQ(dpor.ends, all.ends) << name << " within " << bound;
      EXPECT_LE(dpor.schedules, all.schedules) << name << " within " << bound;
      EXPECT_GE(dpor.transitions, transitions) << name << " within " << bound;
      transitions = dpor.transitions;
    }
  }
}

TEST(Interleave, TheBoundedReductionFindsWhatTwoPreemptionsBreak) {
  InterleaveOptions options;
  options.reduction = Reduction::kDpor;
  options.preemptions = 0;
  EXPECT_FALSE(Check("scan-before-sync", options).failure.has_value());
  options.preemptions = 2;
  const InterleaveResult two = Check("scan-before-sync", options);
  ASSERT_TRUE(two.failure.has_value());
  EXPECT_EQ(two.failure->schedule, two.schedules);
  ExpectReplays(*two.failure);
}

TEST(Interleave, SaysWhereItWasCutOff) {
  InterleaveOptions options;
  options.reduction = Reduction::kNone;
  options.most_schedules = 3;
  std::uint64_t calls = 0;
  options.progress = [&](std::uint64_t done, std::uint64_t known) {
    ++calls;
    EXPECT_GT(known, done);
  };
  const InterleaveResult result = Check("documented", options);
  EXPECT_EQ(result.schedules, 3U);
  EXPECT_EQ(calls, 3U);
  EXPECT_TRUE(result.cut_off);
  EXPECT_FALSE(result.complete);
}

// The schedule that is counted is one of those that were counted, although another is shown.
TEST(Interleave, AFailureIsShownByActorWithStepWordAndFunction) {
  const InterleaveResult result = Check("scan-before-sync");
  ASSERT_TRUE(result.failure.has_value());
  EXPECT_EQ(result.failure->schedule, result.schedules);
  EXPECT_EQ(result.failure->preemptions, 2U);
  const auto text = FailureText(result.failure->scenario, "a.scn");
  ASSERT_TRUE(text.ok()) << text.status();
  const std::string head = text->substr(text->find("process 0"));
  const std::string columns = head.substr(0, head.find('\n'));
  for (const char* actor : {"V1", "V2", "E", "handler"}) {
    EXPECT_NE(columns.find(actor), std::string::npos) << columns;
  }
  for (const char* row :
       {"\nviolation  Expectation: `expect values 19` after `read A 0`, line ",
        "\nstep       uffd_fill/install\n", "\nkernel     mm/userfaultfd.c mfill_atomic()\n",
        "\nword       none -> pte ", "\ndetail     found 18\n",
        "\nreplay     uffdsim scenario run a.scn --check\n"}) {
    EXPECT_NE(text->find(row), std::string::npos) << row << *text;
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
