// Does every eviction program of the catalogue end as its verdict says, over all its schedules?
#include <gtest/gtest.h>

#include "sim/explore/interleave/interleave.h"

namespace uffdsim {
namespace {

TEST(EvictionSchedules, EachProgramEndsAsItsVerdictSays) {
  for (const Program& program : EvictionPrograms()) {
    const auto result = CheckInterleave(program, InterleaveOptions{});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->failure.has_value(), program.verdict == Program::Verdict::kBroken)
        << program.name << ": "
        << (result->failure ? result->failure->broken.detail : "nothing found");
  }
}

}  // namespace
}  // namespace uffdsim
