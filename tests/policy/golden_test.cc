// Do demand-paged miss counts equal the recorded ones of libCacheSim, to the last miss?
#include <cstdio>
#include <map>
#include <string>

#include "gtest/gtest.h"
#include "tests/policy/policy_harness.h"

namespace uffdsim::testing {
namespace {

// libCacheSim's name of a policy, and the setting of ours that has the same rules.
const std::map<std::string, std::string>& Twins() {
  static const std::map<std::string, std::string> twins = {
      {"clock", "clock"},
      {"fifo", "fifo"},
      {"lru", "lru"},
  };
  return twins;
}

TEST(Golden, MissCountsEqualTheRecordedOnes) {
  const std::string stem = GoldenFolder() + "/cloudPhysicsIO";
  const std::optional<References> trace = ReadOracleGeneral(stem + ".oracleGeneral.bin");
  if (!trace) GTEST_SKIP() << "no trace at " << stem << ".oracleGeneral.bin";
  ASSERT_EQ(trace->pages.size(), 113872u);
  ASSERT_EQ(trace->page_count, 48974u);

  std::size_t compared = 0;
  for (const RecordedMisses& row : ReadRecordedMisses(stem + ".misses.csv")) {
    const auto twin = Twins().find(row.policy);
    if (twin == Twins().end() || !row.deterministic) continue;
    EXPECT_EQ(Misses(twin->second, *trace, row.capacity), row.misses)
        << twin->second << " against " << row.policy << " at " << row.capacity;
    ++compared;
  }
  EXPECT_EQ(compared, 2 * Twins().size());  // two capacities each
}

}  // namespace
}  // namespace uffdsim::testing
