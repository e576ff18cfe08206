// A kernel that faults for ever in the same place: the call is shown asleep, it does not hang the
// simulator.
#include <gtest/gtest.h>

#include <string>

#include "sim/scenario/parse.h"
#include "sim/scenario/run.h"

namespace uffdsim {
namespace {

// The child's entry stayed writable; no unshare fault ever takes a KSM page away from such a one.
TEST(EndlessFaults, UnmergingIsGivenUp) {
  const auto scenario = ParseScenario("test",
                                      "profile ideal\n"
                                      "defect F9-rwp-fork-disarm-skips-cow-wrprotect\n"
                                      "map A anon 2\n"
                                      "uffd U features=rwp,rwp_async\n"
                                      "register U A 0 2 rwp\n"
                                      "madvise A 0 2 MERGEABLE\n"
                                      "write A 0 1\n"
                                      "ksm run\n"
                                      "write A 1 1\n"
                                      "fork 1\n"
                                      "ksm run\n"
                                      "ksm unmerge\n"
                                      "expect blocked handle_mm_fault\n");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  RunOptions options;
  options.arch = "x86_64";
  options.checking = Checking::kAlways;
  const auto result = RunScenario(*scenario, options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->failures.empty());
  EXPECT_GT(result->violations, 0);
}

}  // namespace
}  // namespace uffdsim
