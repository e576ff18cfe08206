// Is a lost write noticed? A working VMM never loses one; three broken ones must be found out.
#include <gtest/gtest.h>

#include <memory>

#include "tests/replay/pass_on_host.h"
#include "tests/replay/replay_test_util.h"

namespace uffdsim {
namespace {

// Punches without having written out.
class SkipsWriteOut final : public PassOnHost {
 public:
  using PassOnHost::PassOnHost;
  DeviceReply WriteOut(VmmThread& by, PageId, Digest) override {
    return {by.now_ns(), true, true, 0};
  }
};

// Fetches another page's content.
class FetchesWrongPage final : public PassOnHost {
 public:
  using PassOnHost::PassOnHost;
  DeviceReply Fetch(VmmThread& by, PageId page, Wanted wanted) override {
    return host_.Fetch(by, page ^ 1, wanted);
  }
};

// Stays in async mode, so that a victim can be written between hashing and punching.
class NeverSync final : public PassOnHost {
 public:
  using PassOnHost::PassOnHost;
  Errno SetMode(VmmThread& by, RwpMode) override { return host_.SetMode(by, RwpMode::kAsync); }
};

// A guest that writes 200 pages over and over while 120 fit.
MemoryStream Writers() {
  MemoryStream stream(1024);
  for (std::uint64_t round = 0; round < 40; ++round) {
    stream.Epoch(round * 5 * kMs, (round * 5 + 4) * kMs, Range(0, 200, kTouchWrite));
  }
  return stream;
}

ReplayMetrics RunWith(const HostWrapper& wrap) {
  MemoryStream stream = Writers();
  return MustRun(Config({{"interval", "10ms"}, {"dram", "480KiB"}, {"policy", "fifo"}}), stream, 0,
                 wrap)
      .metrics;
}

TEST(LostUpdate, AWorkingVmmLosesNothing) {
  const ReplayMetrics m = RunWith(nullptr);
  EXPECT_GT(m.evicted_dirty, 1000);
  EXPECT_GT(m.refetched_pages, 1000);
  EXPECT_EQ(m.lost_updates, 0);
}

TEST(LostUpdate, SkippingTheWriteOutIsFound) {
  EXPECT_GT(RunWith([](Host& host) { return std::make_unique<SkipsWriteOut>(host); }).lost_updates,
            1000);
}

TEST(LostUpdate, FetchingTheWrongPageIsFound) {
  EXPECT_GT(
      RunWith([](Host& host) { return std::make_unique<FetchesWrongPage>(host); }).lost_updates,
      1000);
}

// A store that takes long to write, a hot set that is written all the time, a trickle of new pages,
// and a policy that evicts what came first: the guest comes back to victims that are being written
// out.
ReplayMetrics RunWithSlowWrites(const std::string& latency_ns, const HostWrapper& wrap) {
  MemoryStream stream = HotSetAndTrickle();
  return MustRun(Config({{"interval", "10ms"},
                         {"dram", "720KiB"},
                         {"policy", "fifo"},
                         {"store", "cxl:write_latency_ns=" + latency_ns}}),
                 stream, 0, wrap)
      .metrics;
}

TEST(LostUpdate, VictimsThatAreTouchedInTimeAreKept) {
  std::uint64_t revoked = 0;
  for (const char* latency_ns : {"500000", "1000000", "3000000", "5000000", "8000000"}) {
    const ReplayMetrics m = RunWithSlowWrites(latency_ns, nullptr);
    EXPECT_GT(m.faults_rwp_sync, 0);
    EXPECT_EQ(m.lost_updates, 0);
    revoked += m.evictions_revoked;
  }
  EXPECT_GT(revoked, 0);
}

TEST(LostUpdate, EvictingWithoutSyncModeIsFound) {
  std::uint64_t lost = 0;
  for (const char* latency_ns : {"500000", "1000000", "3000000", "5000000", "8000000"}) {
    const ReplayMetrics m =
        RunWithSlowWrites(latency_ns, [](Host& host) { return std::make_unique<NeverSync>(host); });
    EXPECT_EQ(m.faults_rwp_sync, 0);
    EXPECT_GT(m.evicted_dirty, 0);
    lost += m.lost_updates;
  }
  EXPECT_GT(lost, 0);
}

}  // namespace
}  // namespace uffdsim
