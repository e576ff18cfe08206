// What goes wrong in each eviction program, within two preemptions; and that nothing does in the
// others, on the clean kernel and, where the kernel rewrites nothing meanwhile, on the release.
// Programs with huge pages take longer: eviction_schedules_test.cc.
#include <gtest/gtest.h>

#include <string>

#include "sim/explore/interleave/interleave.h"

namespace uffdsim {
namespace {

struct Case {
  const char* program;
  const char* profile;
  const char* detail;  // of what is broken; "" when nothing is
};

class EvictionVerdict : public testing::TestWithParam<Case> {};

TEST_P(EvictionVerdict, WithinTwoPreemptions) {
  const Program* program = FindProgram(GetParam().program);
  ASSERT_NE(program, nullptr);
  InterleaveOptions options;
  options.machine.profile = GetParam().profile;
  options.preemptions = 2;
  const auto result = CheckInterleave(*program, options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->failure ? result->failure->broken.detail : "", GetParam().detail);
  EXPECT_EQ(result->failure.has_value(), program->verdict == Program::Verdict::kBroken);
}

INSTANTIATE_TEST_SUITE_P(
    All, EvictionVerdict,
    testing::Values(Case{"documented", "ideal", ""}, Case{"documented", "linux-7.3.4", ""},
                    Case{"documented-minor", "ideal", ""},
                    // A write between the scan and the switch is lost.
                    Case{"scan-before-sync", "ideal", "`expect values 19` finds 18"},
                    Case{"scan-before-sync", "linux-7.3.4", "`expect values 19` finds 18"},
                    // The vCPU sleeps on, and so never reads.
                    Case{"no-wake", "ideal", "`expect values 19` finds none"},
                    Case{"dontneed", "ideal", "`expect vma B 0 rss=0` finds rss=1"},
                    // The evictor waits for itself with the page held; both updates come too late.
                    Case{"protected-read", "ideal", "`expect values 19` finds 17"},
                    Case{"eager-handler", "ideal", "`expect values 19` finds 17"},
                    Case{"prefilled", "ideal", "`expect values 19` finds 17"},
                    Case{"prefilled-minor", "ideal", ""},
                    Case{"prefilled-minor", "linux-7.3.4", ""},
                    Case{"eager-minor", "ideal", "`expect values 19` finds 17"},
                    // A page that was hot when it was reclaimed looks cold, marker or not.
                    Case{"reclaim", "ideal", "`expect values 19` finds 18"},
                    Case{"reclaim-minor", "ideal", ""}),
    [](const testing::TestParamInfo<Case>& tested) {
      std::string name = std::string(tested.param.program) + "_on_" + tested.param.profile;
      for (char& c : name) {
        if (c == '-' || c == '.') c = '_';
      }
      return name;
    });

}  // namespace
}  // namespace uffdsim
