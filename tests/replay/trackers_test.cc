// Does each tracker see what it can see, pay for it with what its mechanism costs, and hold its
// victims still?
#include <gtest/gtest.h>

#include <memory>

#include "tests/replay/pass_on_host.h"
#include "tests/replay/replay_test_util.h"

namespace uffdsim {
namespace {

// 20 pages written in the first interval, read in the second; 5 of them read in the third.
ReplayResult ThreeRounds(std::vector<std::pair<std::string, std::string>> changes) {
  changes.emplace_back("interval", "10ms");
  changes.emplace_back("check", "on");
  MemoryStream stream(1024);
  stream.Epoch(0, kMs, Range(100, 20, kTouchRead | kTouchWrite));
  stream.Epoch(12 * kMs, 13 * kMs, Range(100, 20, kTouchRead));
  stream.Epoch(24 * kMs, 25 * kMs, Range(100, 5, kTouchRead));
  stream.Epoch(34 * kMs, 35 * kMs, Range(900, 1, kTouchRead));
  ReplayResult result = MustRun(Config(changes), stream);
  EXPECT_EQ(result.metrics.faults_missing, 21);
  EXPECT_EQ(result.metrics.violations, 0);
  EXPECT_EQ(result.metrics.lost_updates, 0);
  EXPECT_GE(result.intervals.size(), 4);
  return result;
}

TEST(RwpAsync, SeesTouchesWithoutMessagesOrModes) {
  const ReplayResult r = ThreeRounds({{"tracker", "rwp-async"}});
  EXPECT_EQ(r.metrics.faults_rwp_async, 25);
  EXPECT_EQ(r.metrics.messages, 21);
  EXPECT_EQ(r.metrics.mode_switches, 0);
  EXPECT_EQ(r.intervals[1].wss_estimate_pages, 20);
  EXPECT_EQ(r.intervals[2].wss_estimate_pages, 5);
}

TEST(RwpSync, EveryFirstTouchIsAMessage) {
  const ReplayResult r = ThreeRounds({{"tracker", "rwp-sync"}});
  EXPECT_EQ(r.metrics.faults_rwp_sync, 25);
  EXPECT_EQ(r.metrics.faults_rwp_async, 0);
  EXPECT_EQ(r.metrics.messages, 46);
  EXPECT_EQ(r.metrics.mode_switches, 0);
  EXPECT_EQ(r.metrics.pages_scanned, 0);
  EXPECT_EQ(r.metrics.lost_to_eviction_ns, 0);
  EXPECT_EQ(r.metrics.lost_to_tracking_ns,
            r.metrics.blocked_ns_total - r.metrics.lost_to_first_touch_ns);
  EXPECT_EQ(r.intervals[1].wss_estimate_pages, 20);
  EXPECT_EQ(r.intervals[2].wss_estimate_pages, 5);
}

// Anonymous memory: the same touches are seen, at the same price, as RWP sees them in a file.
TEST(MinorAnon, SeesWhatRwpSees) {
  const ReplayMetrics m = ThreeRounds({{"tracker", "minor-anon"}}).metrics;
  const ReplayMetrics rwp = ThreeRounds({{"tracker", "rwp"}}).metrics;
  EXPECT_EQ(m.faults_rwp_async, 25);
  EXPECT_EQ(m.faults_minor_sync, 0);
  EXPECT_EQ(m.messages, 21);
  EXPECT_EQ(m.lost_to_tracking_ns, rwp.lost_to_tracking_ns);
  EXPECT_EQ(m.wss_estimate_mean_pages, rwp.wss_estimate_mean_pages);
}

// Under sync mode a touch of a victim queues a MINOR message, CONTINUE answers it, and it stays.
TEST(MinorAnon, VictimsThatAreTouchedInTimeAreKept) {
  std::uint64_t revoked = 0;
  for (const char* latency_ns : {"500000", "1000000", "3000000", "5000000", "8000000"}) {
    MemoryStream stream = HotSetAndTrickle();
    const ReplayMetrics m =
        MustRun(Config({{"interval", "10ms"},
                        {"dram", "720KiB"},
                        {"policy", "fifo"},
                        {"tracker", "minor-anon"},
                        {"check", "on"},
                        {"store", std::string("cxl:write_latency_ns=") + latency_ns}}),
                stream)
            .metrics;
    EXPECT_GT(m.faults_minor_sync, 0);
    EXPECT_EQ(m.faults_rwp_sync, 0);
    EXPECT_EQ(m.lost_updates, 0);
    EXPECT_EQ(m.violations, 0);
    revoked += m.evictions_revoked;
  }
  EXPECT_GT(revoked, 0);
}

TEST(WpAsync, ReadsLeaveNoTrace) {
  const ReplayResult r = ThreeRounds({{"tracker", "wp-async"}});
  EXPECT_EQ(r.metrics.faults_wp_async, 0);
  EXPECT_EQ(r.intervals[0].wss_estimate_pages, 20);  // they came in
  EXPECT_EQ(r.intervals[1].wss_estimate_pages, 0);
  EXPECT_EQ(r.intervals[2].wss_estimate_pages, 0);
}

TEST(WpAsync, FirstWritesResolveInTheKernel) {
  MemoryStream stream(1024);
  stream.Epoch(0, kMs, Range(100, 20, kTouchRead));
  stream.Epoch(12 * kMs, 13 * kMs, Range(100, 7, kTouchWrite));
  stream.Epoch(13 * kMs, 14 * kMs, Range(100, 7, kTouchWrite));
  stream.Epoch(24 * kMs, 25 * kMs, Range(900, 1, kTouchRead));
  const ReplayResult r =
      MustRun(Config({{"tracker", "wp-async"}, {"interval", "10ms"}, {"check", "on"}}), stream);
  EXPECT_EQ(r.metrics.faults_wp_async, 7);
  EXPECT_EQ(r.intervals[1].wss_estimate_pages, 7);
  EXPECT_EQ(r.metrics.violations, 0);
}

TEST(Zap, EveryFirstTouchIsAMinorMessage) {
  const ReplayResult r = ThreeRounds({{"tracker", "zap"}});
  EXPECT_EQ(r.metrics.faults_minor_sync, 25);
  EXPECT_EQ(r.metrics.faults_minor, 0);
  EXPECT_EQ(r.metrics.messages, 46);
  EXPECT_EQ(r.metrics.pages_unmapped, 20 + 20 + 5);
  EXPECT_EQ(r.metrics.pages_resolved, 25);
  EXPECT_EQ(r.metrics.pages_armed, 0);
  EXPECT_EQ(r.intervals[1].wss_estimate_pages, 20);
  EXPECT_EQ(r.intervals[2].wss_estimate_pages, 5);
}

TEST(AccessedBit, TheGuestPaysNothing) {
  const ReplayResult r = ThreeRounds({{"tracker", "accessed-bit"}});
  EXPECT_EQ(r.metrics.messages, 21);
  EXPECT_EQ(r.metrics.lost_to_tracking_ns, 0);
  EXPECT_EQ(r.metrics.pages_armed, 20 + 20 + 5);
  EXPECT_EQ(r.intervals[1].wss_estimate_pages, 20);
  EXPECT_EQ(r.intervals[2].wss_estimate_pages, 5);
}

// A thousand pages a millisecond: whatever is touched, its bit is gone before the VMM looks.
TEST(AccessedBit, ReclaimThatConsumesBitsBlindsIt) {
  const ReplayResult r = ThreeRounds({{"tracker", "accessed-bit"}, {"reclaim-aging", "1024000"}});
  EXPECT_GE(r.metrics.pages_aged, 45);
  EXPECT_EQ(r.intervals[0].wss_estimate_pages, 20);  // never set idle yet
  EXPECT_EQ(r.intervals[1].wss_estimate_pages, 0);
  EXPECT_EQ(r.intervals[1].wss_true_pages, 20);
}

TEST(AccessedBit, ReclaimDoesNotBlindRwp) {
  const ReplayResult r = ThreeRounds({{"tracker", "rwp"}, {"reclaim-aging", "1024000"}});
  EXPECT_EQ(r.intervals[1].wss_estimate_pages, 20);
  EXPECT_EQ(r.intervals[2].wss_estimate_pages, 5);
}

TEST(NumaHint, ATouchSoonAfterArmingIsHot) {
  const ReplayResult r = ThreeRounds({{"tracker", "numa-hint"}, {"arming", "all"}});
  EXPECT_EQ(r.metrics.faults_rwp_sync, 25);
  EXPECT_EQ(r.intervals[1].wss_estimate_pages, 20);
  EXPECT_EQ(r.intervals[2].wss_estimate_pages, 5);
}

// With a quarter of memory in each window, pages 100 to 119 are armed at 40 ms, while the guest
// touches them every interval.
TEST(NumaHint, OutsideTheWindowAPageKeepsItsVerdict) {
  MemoryStream stream(1024);
  for (std::uint64_t i = 0; i < 8; ++i) {
    stream.Epoch((10 * i + 5) * kMs, (10 * i + 6) * kMs, Range(100, 20, kTouchRead));
  }
  const ReplayResult r =
      MustRun(Config({{"tracker", "numa-hint"}, {"interval", "10ms"}, {"check", "on"}}), stream);
  EXPECT_EQ(r.metrics.faults_rwp_sync, 20);
  for (std::size_t i = 0; i + 1 < r.intervals.size(); ++i) {
    EXPECT_EQ(r.intervals[i].wss_estimate_pages, 20) << i;
  }
}

// A quarter of memory is always hot and the rest is not there: regions find the border.
TEST(Damon, RegionsFindTheHotQuarter) {
  MemoryStream stream(4096);
  for (std::uint64_t i = 0; i < 400; ++i) {
    stream.Epoch(i * kMs, (i + 1) * kMs - 1000, Range(0, 1024, kTouchRead));
  }
  const ReplayResult r =
      MustRun(Config({{"tracker", "damon"}, {"interval", "10ms"}, {"check", "on"}}), stream);
  ASSERT_GT(r.intervals.size(), 30);
  const double estimate = static_cast<double>(r.intervals[30].wss_estimate_pages);
  EXPECT_NEAR(estimate, 1024.0, 150.0);
  EXPECT_EQ(r.metrics.lost_to_tracking_ns, 0);
  EXPECT_EQ(r.metrics.violations, 0);
  // 20 looks an interval at each region, never more than the most regions.
  EXPECT_LE(r.metrics.pages_scanned, r.metrics.intervals * 20 * 1000);
}

// --- eviction
// -------------------------------------------------------------------------------------

// Leaves the victims in the guest mapping.
class NeverUnmaps final : public PassOnHost {
 public:
  using PassOnHost::PassOnHost;
  Errno Unmap(VmmThread&, PageRange) override { return Errno::kOk; }
};

// A store that takes long to write, a hot set that is written all the time, a trickle of new pages,
// and a policy that evicts what came first: the guest comes back to victims that are being written.
ReplayMetrics RunWithSlowWrites(const std::string& tracker, const std::string& latency_ns,
                                const HostWrapper& wrap = nullptr) {
  MemoryStream stream(1024);
  for (std::uint32_t round = 0; round < 40; ++round) {
    std::vector<std::uint32_t> entries = Range(0, 150, kTouchWrite);
    for (const std::uint32_t entry : Range(200 + 4 * round, 4, kTouchWrite)) {
      entries.push_back(entry);
    }
    stream.Epoch(round * 5 * kMs, (round * 5 + 4) * kMs, std::move(entries));
  }
  return MustRun(Config({{"interval", "10ms"},
                         {"dram", "720KiB"},
                         {"policy", "fifo"},
                         {"check", "on"},
                         {"tracker", tracker},
                         {"store", "cxl:write_latency_ns=" + latency_ns}}),
                 stream, 0, wrap)
      .metrics;
}

TEST(Hold, VictimsTouchedInTimeAreKeptByEveryTracker) {
  for (const TrackerRow& tracker : Trackers()) {
    if (tracker.hold == Hold::kNothing) continue;
    SCOPED_TRACE(tracker.name);
    std::uint64_t revoked = 0;
    for (const char* latency_ns :
         {"300000", "500000", "1000000", "3000000", "5000000", "8000000"}) {
      const ReplayMetrics m = RunWithSlowWrites(std::string(tracker.name), latency_ns);
      EXPECT_GT(m.evicted_dirty, 0);
      EXPECT_EQ(m.lost_updates, 0);
      EXPECT_EQ(m.violations, 0);
      revoked += m.evictions_revoked;
    }
    EXPECT_GT(revoked, 0);
  }
}

TEST(Hold, EvictingWithoutUnmappingIsFound) {
  std::uint64_t lost = 0;
  for (const char* latency_ns : {"500000", "1000000", "3000000", "5000000", "8000000"}) {
    lost += RunWithSlowWrites("rwp-async", latency_ns, [](Host& host) {
              return std::make_unique<NeverUnmaps>(host);
            }).lost_updates;
  }
  EXPECT_GT(lost, 0);
}

// --- stores that fail ---------------------------------------------------------------------------

TEST(FailingStore, NoTrackerLosesAPage) {
  for (const TrackerRow& tracker : Trackers()) {
    SCOPED_TRACE(tracker.name);
    MemoryStream stream(1024);
    for (std::uint64_t round = 0; round < 40; ++round) {
      stream.Epoch(round * 5 * kMs, (round * 5 + 4) * kMs, Range(0, 200, kTouchWrite));
    }
    const ReplayMetrics m = MustRun(Config({{"interval", "10ms"},
                                            {"dram", "480KiB"},
                                            {"policy", "clock"},
                                            {"store", "cxl"},
                                            {"fail-reads", "3"},
                                            {"fail-writes", "4"},
                                            {"check", "on"},
                                            {"tracker", std::string(tracker.name)}}),
                                    stream)
                                .metrics;
    EXPECT_GT(m.evictions_refused, 10);
    EXPECT_GT(m.store_writes, m.evicted_dirty);
    EXPECT_GT(m.refetched_pages, 100);
    EXPECT_GT(m.store_reads, m.refetched_pages);  // retried
    EXPECT_EQ(m.lost_updates, 0);
    EXPECT_EQ(m.violations, 0);
  }
}

// riscv64 without Svrsw60t59b has MINOR but no bit for protection; s390x has neither.
TEST(Architectures, WithoutABitThereIsStillUnmapping) {
  const auto runs = [](const char* arch, const char* tracker) {
    MemoryStream stream(2048);
    stream.Epoch(0, kMs, Range(0, 64, kTouchWrite));
    stream.Epoch(60 * kMs, 61 * kMs, Range(0, 64, kTouchWrite));
    const absl::StatusOr<ReplayResult> result =
        RunReplay(Config({{"arch", arch}, {"tracker", tracker}, {"check", "on"}}), stream, 0);
    return result.ok() && result->metrics.violations == 0 && result->metrics.lost_updates == 0;
  };
  for (const char* tracker : {"zap", "accessed-bit", "damon"}) {
    EXPECT_TRUE(runs("riscv64-noext", tracker)) << tracker;
    EXPECT_FALSE(runs("s390x", tracker)) << tracker;
  }
  for (const char* tracker :
       {"rwp", "rwp-async", "rwp-sync", "wp-async", "minor-anon", "numa-hint"}) {
    EXPECT_FALSE(runs("riscv64-noext", tracker)) << tracker;
  }
}

}  // namespace
}  // namespace uffdsim
