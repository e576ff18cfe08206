// How a VMM uses its store: read-ahead, write-back and failures, on traces that are counted by
// hand.
#include <gtest/gtest.h>

#include "tests/replay/replay_test_util.h"

namespace uffdsim {
namespace {

using Changes = std::vector<std::pair<std::string, std::string>>;

// 32 pages are written, grow cold and are evicted; then `back` is read.
MemoryStream OutAndBack(const std::vector<std::uint32_t>& back) {
  MemoryStream stream(1024);
  stream.Epoch(0, kMs, Range(0, 32, kTouchWrite));
  for (std::uint64_t at = 5; at < 60; at += 5) {
    stream.Epoch(at * kMs, (at + 1) * kMs, Range(500, 1, kTouchRead));
  }
  stream.Epoch(61 * kMs, 62 * kMs, back);
  // And another time cold.
  for (std::uint64_t at = 65; at < 140; at += 5) {
    stream.Epoch(at * kMs, (at + 1) * kMs, Range(500, 1, kTouchRead));
  }
  return stream;
}

ReplayMetrics Replayed(MemoryStream stream, Changes changes) {
  changes.emplace_back("interval", "10ms");
  changes.emplace_back("evict", "cold");
  changes.emplace_back("policy", "age:cold=2");
  changes.emplace_back("check", "on");
  const ReplayMetrics m = MustRun(Config(changes), stream).metrics;
  EXPECT_EQ(m.lost_updates, 0);
  EXPECT_EQ(m.violations, 0);
  return m;
}

TEST(ReadAhead, WithoutItEveryPageIsAFault) {
  const ReplayMetrics m = Replayed(OutAndBack(Range(0, 32, kTouchRead)), {});
  EXPECT_EQ(m.faults_missing, 33 + 32);
  EXPECT_EQ(m.store_reads, 32);
  EXPECT_EQ(m.read_ahead_pages, 0);
}

TEST(ReadAhead, OneFaultFetchesItsBlock) {
  const ReplayMetrics m = Replayed(OutAndBack(Range(0, 32, kTouchRead)), {{"read-ahead", "8"}});
  EXPECT_EQ(m.faults_missing, 33 + 4);
  EXPECT_EQ(m.read_ahead_pages, 4 * 7);
  EXPECT_EQ(m.read_ahead_useful, 4 * 7);
  EXPECT_EQ(m.read_ahead_wasted, 0);
  EXPECT_EQ(m.store_reads, 32);
  EXPECT_EQ(m.store_bytes_read, 32 * 4096);
}

TEST(ReadAhead, TheBlockIsAlignedAndTheRestIsWasted) {
  const ReplayMetrics m = Replayed(OutAndBack({Read(13)}), {{"read-ahead", "8"}});
  EXPECT_EQ(m.faults_missing, 33 + 1);
  EXPECT_EQ(m.read_ahead_pages, 7);  // 8 to 15 but 13
  EXPECT_EQ(m.read_ahead_useful, 0);
  EXPECT_EQ(m.read_ahead_wasted, 7);  // cold again, and evicted
  EXPECT_EQ(m.evicted_pages, 32 + 8);
  EXPECT_EQ(m.evicted_dirty, 32);  // the second time the store had them
}

TEST(ReadAhead, NothingIsEvictedForIt) {
  MemoryStream stream(1024);
  stream.Epoch(0, kMs, Range(0, 96, kTouchWrite));
  stream.Epoch(2 * kMs, 3 * kMs, Range(0, 96, kTouchRead));
  // The oracle evicts one page for one page: there is never a free frame.
  const ReplayMetrics m =
      MustRun(
          Config(
              {{"tracker", "oracle"}, {"policy", "lru"}, {"dram", "256KiB"}, {"read-ahead", "16"}}),
          stream)
          .metrics;
  EXPECT_EQ(m.read_ahead_pages, 0);
  EXPECT_EQ(m.resident_pages_max, 64);
  EXPECT_EQ(m.refetched_pages, 96);
}

TEST(ReadAhead, ThePageOnItsWayServesWhoFaultsOnIt) {
  // Two vCPUs; the second touches page 1 while it is being read ahead for page 0.
  MemoryStream stream(1024, 2);
  stream.Epoch(0, kMs, Range(0, 8, kTouchWrite), 0);
  stream.Epoch(0, 70 * kMs, Range(500, 1, kTouchRead), 1);
  for (std::uint64_t at = 5; at < 60; at += 5) {
    stream.Epoch(at * kMs, (at + 1) * kMs, Range(500, 1, kTouchRead), 0);
  }
  stream.Epoch(70 * kMs, 71 * kMs, {Read(0)}, 0);
  stream.Epoch(70 * kMs, 71 * kMs, {Read(1)}, 1);
  const ReplayMetrics m =
      Replayed(std::move(stream), {{"read-ahead", "8"}, {"store", "nvme:read_latency_ns=5000000"}});
  EXPECT_EQ(m.faults_missing, 9 + 2);
  EXPECT_EQ(m.store_reads, 8);
  EXPECT_EQ(m.read_ahead_pages, 7);
  EXPECT_EQ(m.read_ahead_useful, 1);
}

TEST(WriteBack, TheStoreTakesSeveralBatchesAtOnce) {
  const auto lost = [](const char* batches) {
    // One page a batch, 1 ms a write: one after the other the 32 victims take 32 ms.
    return Replayed(OutAndBack(Range(0, 32, kTouchRead)),
                    {{"evict-batch", "1"},
                     {"write-back", batches},
                     {"store", "nvme:write_latency_ns=1000000"}});
  };
  const ReplayMetrics one = lost("1");
  const ReplayMetrics many = lost("32");
  EXPECT_EQ(one.evicted_dirty, 32);
  EXPECT_EQ(many.evicted_dirty, 32);
  EXPECT_EQ(one.store_bytes_written, 32 * 4096);
  EXPECT_EQ(many.store_bytes_written, 32 * 4096);
  // The interval in which they go is longer by the time they take.
  EXPECT_LT(one.intervals + 1, many.intervals);
}

TEST(Failures, AFailedReadIsTriedAgainUntilItWorks) {
  const ReplayMetrics m = Replayed(OutAndBack(Range(0, 32, kTouchRead)), {{"fail-reads", "2"}});
  EXPECT_EQ(m.refetched_pages, 32);
  // Every second try fails: 63 tries for 32 pages.
  EXPECT_EQ(m.store_reads, 63);
  EXPECT_EQ(m.store_read_failures, 31);
  EXPECT_EQ(m.store_bytes_read, 32 * 4096);
}

TEST(Failures, AFailedWriteKeepsThePageOrIsTriedAgain) {
  const ReplayMetrics once = Replayed(OutAndBack({Read(0)}), {{"fail-writes", "2"}});
  EXPECT_GT(once.evictions_refused, 0);
  const ReplayMetrics often =
      Replayed(OutAndBack({Read(0)}), {{"fail-writes", "2"}, {"write-tries", "8"}});
  EXPECT_EQ(often.evictions_refused, 0);
  EXPECT_EQ(often.evicted_dirty, 32);
  EXPECT_GT(often.store_write_failures, 0);
  EXPECT_EQ(often.store_bytes_written, 32 * 4096);
}

TEST(Failures, APauseIsPartOfTheStall) {
  const ReplayMetrics at_once = Replayed(OutAndBack({Read(0), Read(1)}), {{"fail-reads", "2"}});
  const ReplayMetrics later =
      Replayed(OutAndBack({Read(0), Read(1)}), {{"fail-reads", "2"}, {"retry-pause", "3ms"}});
  EXPECT_EQ(at_once.store_read_failures, 1);
  EXPECT_EQ(later.blocked_ns_total, at_once.blocked_ns_total + 3 * kMs);
}

}  // namespace
}  // namespace uffdsim
