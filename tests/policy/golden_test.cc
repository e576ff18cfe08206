// Do demand-paged miss counts equal the recorded ones of libCacheSim, to the last miss?
#include <cstdio>
#include <map>
#include <string>

#include "gtest/gtest.h"
#include "tests/policy/policy_harness.h"

namespace uffdsim::testing {
namespace {

// libCacheSim's name of a policy, and the setting of ours that has the same rules. Its GDSF, with
// equal sizes, is LFUDA as published; its LFUDA is not.
const std::map<std::string, std::string>& Twins() {
  static const std::map<std::string, std::string> twins = {
      {"arc", "arc"},
      {"belady", "min"},
      {"clock", "clock"},
      {"fifo", "fifo"},
      {"gdsf", "lfuda"},
      {"lfu", "lfu"},
      {"lfuda", "lfuda:rule=libcachesim"},
      {"lru", "lru"},
      {"s3fifo", "s3fifo"},
      {"sieve", "sieve"},
      {"slru", "slru"},
      {"twoq", "twoq"},
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

// LIRS after the paper: libCacheSim, which also demotes a LIR page on a hit outside the stack,
// counts one miss more at the small capacity and the same at the large one.
TEST(Golden, LirsCountsOfThePaperRule) {
  const std::string path = GoldenFolder() + "/cloudPhysicsIO.oracleGeneral.bin";
  const std::optional<References> trace = ReadOracleGeneral(path);
  if (!trace) GTEST_SKIP() << "no trace at " << path;
  EXPECT_EQ(Misses("lirs", *trace, 4897), 85609u);
  EXPECT_EQ(Misses("lirs", *trace, 489), 94679u);
}

// All published eviction rules of S3-FIFO agree on this trace.
TEST(Golden, S3FifoRulesAgreeHere) {
  const std::string path = GoldenFolder() + "/cloudPhysicsIO.oracleGeneral.bin";
  const std::optional<References> trace = ReadOracleGeneral(path);
  if (!trace) GTEST_SKIP() << "no trace at " << path;
  EXPECT_EQ(Misses("s3fifo:rule=paper", *trace, 4897), 85691u);
  EXPECT_EQ(Misses("s3fifo:rule=paper", *trace, 489), 94559u);
}

}  // namespace
}  // namespace uffdsim::testing
