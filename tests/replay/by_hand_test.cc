// Does a replay count and charge what a person finds with pencil and paper?
#include <gtest/gtest.h>

#include "tests/replay/replay_test_util.h"

namespace uffdsim {
namespace {

// Two touches of each of 20 pages, a whole interval apart.
ReplayResult TwoRounds(const ReplayConfig& config) {
  MemoryStream stream(1024);
  stream.Epoch(0, kMs, Range(100, 20, kTouchRead | kTouchWrite));
  stream.Epoch(12 * kMs, 13 * kMs, Range(100, 20, kTouchRead));
  stream.Epoch(24 * kMs, 25 * kMs, Range(100, 5, kTouchRead));
  return MustRun(config, stream);
}

TEST(ByHand, FirstTouchesThenOneFaultAnIntervalUnderRwp) {
  const ReplayResult r = TwoRounds(Config({{"interval", "10ms"}}));
  const ReplayMetrics& m = r.metrics;
  EXPECT_EQ(m.accesses, 45);
  EXPECT_EQ(m.reads, 45);
  EXPECT_EQ(m.writes, 20);
  EXPECT_EQ(m.fetches, 0);
  EXPECT_EQ(m.footprint_pages, 20);
  EXPECT_EQ(m.faults_missing, 20);  // each page once
  EXPECT_EQ(m.messages, 20);
  EXPECT_EQ(m.faults_rwp_async, 25);  // then one per page and interval
  EXPECT_EQ(m.faults_rwp_sync, 0);
  EXPECT_EQ(m.faults_minor, 0);
  EXPECT_EQ(m.faults_stage2, 0);
  EXPECT_EQ(m.resident_pages_max, 20);
  EXPECT_EQ(m.evicted_pages, 0);
  EXPECT_EQ(m.lost_updates, 0);
  EXPECT_EQ(m.intervals, 2);
  ASSERT_EQ(r.intervals.size(), 3);
  EXPECT_EQ(r.intervals[0].accesses, 20);
  EXPECT_EQ(r.intervals[0].wss_true_pages, 20);
  EXPECT_EQ(r.intervals[0].wss_estimate_pages, 20);
  EXPECT_EQ(r.intervals[1].wss_true_pages, 20);
  EXPECT_EQ(r.intervals[1].wss_true_2_pages, 20);
  EXPECT_EQ(r.intervals[1].wss_estimate_pages, 20);
  EXPECT_EQ(r.intervals[2].wss_true_pages, 5);
  EXPECT_EQ(r.intervals[2].wss_true_2_pages, 20);
}

TEST(ByHand, AnAsyncFaultCostsExitAndFault) {
  const ReplayConfig config = Config({{"interval", "10ms"}});
  const ReplayMetrics m = TwoRounds(config).metrics;
  const std::uint64_t fault = NsFromPs(config.costs.vcpu_exit_ps + config.costs.rwp_async_fault_ps);
  EXPECT_GT(fault, 0);
  EXPECT_EQ(m.lost_to_tracking_ns, 25 * fault);
}

TEST(ByHand, AMissingPageCostsTheWholeRoundTrip) {
  const ReplayConfig config = Config({{"interval", "10ms"}});
  const ReplayMetrics m = TwoRounds(config).metrics;
  const CostModel& c = config.costs;
  const std::uint64_t trip =
      NsFromPs(c.vcpu_exit_ps + c.uffd_block_ps + c.handler_wake_ps + c.message_read_ps +
               c.syscall_ps + c.zeropage_page_ps + c.vcpu_wake_ps);
  EXPECT_EQ(m.blocked_faults, 20);
  // Each part is rounded to whole nanoseconds on its own.
  EXPECT_NEAR(static_cast<double>(m.blocked_ns_max), static_cast<double>(trip), 3.0);
  EXPECT_EQ(m.lost_to_first_touch_ns, m.blocked_ns_total);
  EXPECT_EQ(m.lost_to_refetch_ns, 0);
}

TEST(ByHand, TheOracleNeverArms) {
  const ReplayMetrics m = TwoRounds(Config({{"interval", "10ms"}, {"tracker", "oracle"}})).metrics;
  EXPECT_EQ(m.faults_missing, 20);
  EXPECT_EQ(m.faults_rwp_async, 0);
  EXPECT_EQ(m.pages_armed, 0);
  EXPECT_EQ(m.lost_to_tracking_ns, 0);
  EXPECT_EQ(m.wss_error_mean_pages, 0);
  EXPECT_EQ(m.wss_true_mean_pages, 20);
}

// 64 pages of memory, 96 pages written one after the other, then read again: under LRU every read
// misses, and what is evicted is dirty the first time and clean the second.
TEST(ByHand, LruUnderTheOracleThrashesOnAScan) {
  MemoryStream stream(1024);
  stream.Epoch(0, kMs, Range(0, 96, kTouchWrite));
  stream.Epoch(2 * kMs, 3 * kMs, Range(0, 96, kTouchRead));
  const ReplayMetrics m =
      MustRun(Config({{"tracker", "oracle"}, {"policy", "lru"}, {"dram", "256KiB"}}), stream)
          .metrics;
  EXPECT_EQ(m.limit_pages, 64);
  EXPECT_EQ(m.resident_pages_max, 64);
  EXPECT_EQ(m.faults_missing, 192);
  EXPECT_EQ(m.refetched_pages, 96);
  EXPECT_EQ(m.evicted_pages, 128);
  EXPECT_EQ(m.evicted_dirty, 96);
  EXPECT_EQ(m.evicted_clean, 32);
  EXPECT_EQ(m.store_reads, 96);
  EXPECT_EQ(m.store_writes, 96);
  EXPECT_EQ(m.store_bytes_written, 96 * 4096);
  // Page k is evicted, then 31 others and one more for the page itself before it comes back.
  EXPECT_EQ(m.refault_distance_p50_pages, 32);
  EXPECT_EQ(m.refault_distance_max_pages, 32);
  EXPECT_EQ(m.lost_updates, 0);
}

TEST(ByHand, ColdPagesAreEvictedAndComeBackWhole) {
  MemoryStream stream(1024);
  stream.Epoch(0, kMs, Range(0, 40, kTouchWrite));
  for (std::uint64_t at = 5; at < 100; at += 5) {
    stream.Epoch(at * kMs, (at + 1) * kMs, Range(0, 10, kTouchRead));
  }
  stream.Epoch(101 * kMs, 102 * kMs, Range(0, 40, kTouchRead));
  const ReplayMetrics m = MustRun(Config({{"interval", "10ms"},
                                          {"evict", "cold"},
                                          {"policy", "age:cold=2"},
                                          {"false-cold", "3"},
                                          {"check", "on"}}),
                                  stream)
                              .metrics;
  EXPECT_EQ(m.evicted_pages, 30);
  EXPECT_EQ(m.evicted_dirty, 30);
  EXPECT_EQ(m.refetched_pages, 30);
  EXPECT_EQ(m.false_cold_pages, 0);  // they were cold for many intervals
  EXPECT_EQ(m.lost_updates, 0);
  EXPECT_EQ(m.violations, 0);
}

TEST(ByHand, PagesEvictedTooEarlyAreFalseCold) {
  MemoryStream stream(1024);
  stream.Epoch(0, kMs, Range(0, 40, kTouchWrite));
  stream.Epoch(15 * kMs, 16 * kMs, Range(500, 1, kTouchRead));
  stream.Epoch(25 * kMs, 26 * kMs, Range(500, 1, kTouchRead));
  stream.Epoch(35 * kMs, 36 * kMs, Range(0, 40, kTouchRead));
  const ReplayMetrics m = MustRun(Config({{"interval", "10ms"},
                                          {"evict", "cold"},
                                          {"policy", "age:cold=2"},
                                          {"false-cold", "3"}}),
                                  stream)
                              .metrics;
  EXPECT_EQ(m.evicted_pages, 40);
  EXPECT_EQ(m.refetched_pages, 40);
  EXPECT_EQ(m.false_cold_pages, 40);
  EXPECT_EQ(m.false_cold_rate, 1'000'000);
}

TEST(ByHand, IdleTimePassesWithoutAccesses) {
  MemoryStream stream(64);
  stream.Epoch(0, kMs, Range(0, 4, kTouchRead));
  stream.Idle(kMs, 30 * kMs);
  stream.Epoch(kMs, 2 * kMs, Range(0, 4, kTouchRead));
  const ReplayMetrics m = MustRun(Config({{"interval", "10ms"}}), stream).metrics;
  EXPECT_EQ(m.idle_ns, 30 * kMs);
  EXPECT_EQ(m.trace_ns, 2 * kMs);
  EXPECT_EQ(m.virtual_ns, 32 * kMs + m.stall_ns_total);
  EXPECT_EQ(m.faults_rwp_async, 4);
}

TEST(ByHand, TheRateTurnsInstructionsIntoTime) {
  MemoryStream stream(64);
  stream.Epoch(0, 8 * kMs, Range(0, 4, kTouchRead));
  const ReplayMetrics m = MustRun(Config({{"rate", "4000000000"}}), stream).metrics;
  EXPECT_EQ(m.trace_ns, 2 * kMs);
}

TEST(ByHand, VcpusHaveTheirOwnClocks) {
  MemoryStream stream(256, 2);
  stream.Epoch(0, 4 * kMs, Range(0, 8, kTouchRead), 0);
  stream.Epoch(0, 6 * kMs, Range(0, 16, kTouchRead), 1);
  stream.Epoch(4 * kMs, 6 * kMs, Range(0, 8, kTouchWrite), 0);
  const ReplayMetrics m = MustRun(Config({{"check", "on"}}), stream).metrics;
  EXPECT_EQ(m.accesses, 32);
  EXPECT_EQ(m.trace_ns, 12 * kMs);
  EXPECT_EQ(m.footprint_pages, 16);
  EXPECT_GT(m.virtual_ns, 6 * kMs);
  EXPECT_EQ(m.lost_updates, 0);
}

TEST(ByHand, LargerPagesHoldSeveralOfTheTrace) {
  MemoryStream stream(1024);
  stream.Epoch(0, kMs, Range(0, 64, kTouchRead));
  const ReplayMetrics m = MustRun(Config({{"arch", "arm64-64k"}}), stream).metrics;
  EXPECT_EQ(m.footprint_pages, 4);
  EXPECT_EQ(m.faults_missing, 4);
}

}  // namespace
}  // namespace uffdsim
