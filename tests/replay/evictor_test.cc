// Does the evictor write back as many batches at once as it may, punch each when the store has
// taken it, try again what failed, and keep what it could not write? Times are worked out by hand.
#include "sim/vmm/evictor.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "sim/vmm/policy/registry.h"

namespace uffdsim {
namespace {

using Punched = std::vector<std::pair<std::uint64_t, PageId>>;  // (when, page)

// Hashing takes 10 ns, a write 1,000; as many writes at once as anybody likes; all else is free.
class FakeHost final : public Host {
 public:
  std::uint64_t failing = 0;  // so many writes fail first
  std::uint64_t writes = 0;
  Punched punched;

  Errno Rwprotect(VmmThread&, PageRange, Protect) override { return Errno::kOk; }
  Errno Deactivate(VmmThread&, PageRange) override { return Errno::kOk; }
  Errno Writeprotect(VmmThread&, PageRange, Protect) override { return Errno::kOk; }
  Errno SetMode(VmmThread&, RwpMode) override { return Errno::kOk; }
  Errno Copy(VmmThread&, PageId, Digest) override { return Errno::kOk; }
  Errno Zeropage(VmmThread&, PageId) override { return Errno::kOk; }
  Errno Continue(VmmThread&, PageId) override { return Errno::kOk; }
  Errno Wake(VmmThread&, PageRange) override { return Errno::kOk; }
  std::optional<FaultMessage> ReadMessage(VmmThread&) override { return std::nullopt; }
  void Scan(VmmThread&, Category, std::vector<PageRange>*) override {}
  Errno Unmap(VmmThread&, PageRange) override { return Errno::kOk; }
  void SetIdle(VmmThread&, PageRange) override {}
  void ScanIdle(VmmThread&, PageRange, std::vector<PageRange>*) override {}
  Digest HashPage(VmmThread& by, PageId) override {
    by.Work(10'000);
    return 7;
  }
  Errno Punch(VmmThread& by, PageRange range) override {
    for (std::uint32_t i = 0; i < range.count; ++i) {
      punched.emplace_back(by.now_ns(), range.first + i);
    }
    return Errno::kOk;
  }
  DeviceReply WriteOut(VmmThread& by, PageId, Digest digest) override {
    const bool done = ++writes > failing;
    return {by.now_ns() + 1000, done, true, digest};
  }
  DeviceReply Fetch(VmmThread&, PageId, Wanted) override { return {}; }
  Digest Stored(PageId) const override { return 0; }
  std::uint32_t guest_pages() const override { return 64; }
};

// Pages 0, 2 and 4 are there, dirty, in the order of a FIFO; one page a batch.
struct Bench {
  explicit Bench(EvictorSetting setting) : policy(Fifo()), evictor(host, *policy, setting) {
    for (const PageId page : {0U, 2U, 4U}) {
      policy->OnFault(page);
      evictor.OnPopulated(page);
    }
    evictor.Want(3, EvictWhat::kPressure);
  }
  static std::unique_ptr<Policy> Fifo() {
    PolicySetting setting;
    setting.page_count = 64;
    setting.capacity = 64;
    return MakePolicy(*ParsePolicy("fifo"), setting);
  }
  // One step when it is due; returns when the next one is.
  std::uint64_t Step() {
    background.WaitUntil(evictor.NextNs());
    if (evictor.Step(background, {}) == Evictor::Progress::kDone) return kNeverNs;
    return std::max(background.now_ns(), evictor.NextNs());
  }
  void Finish() {
    while (Step() != kNeverNs) {
    }
  }

  FakeHost host;
  std::unique_ptr<Policy> policy;
  Evictor evictor;
  VmmThread background;
};

EvictorSetting Held(std::uint32_t batches) {
  EvictorSetting setting;
  setting.hold = Hold::kRwp;
  setting.batches = batches;
  return setting;
}

TEST(Evictor, OneBatchWaitsForTheOneBefore) {
  Bench bench(Held(1));
  EXPECT_EQ(bench.Step(), 1010u);  // hashed, and on its way
  EXPECT_TRUE(bench.host.punched.empty());
  bench.Finish();
  EXPECT_EQ(bench.host.punched, (Punched{{1010, 0}, {2020, 2}, {3030, 4}}));
  EXPECT_EQ(bench.evictor.counts().dirty, 3u);
  EXPECT_EQ(bench.evictor.resident(), 0u);
}

TEST(Evictor, SeveralBatchesAreOnTheirWayAtOnce) {
  Bench bench(Held(2));
  EXPECT_EQ(bench.Step(), 10u);
  EXPECT_EQ(bench.Step(), 1010u);  // two are on their way: nothing to do until one is done
  bench.Finish();
  EXPECT_EQ(bench.host.punched, (Punched{{1010, 0}, {1020, 2}, {2020, 4}}));
}

TEST(Evictor, WhatIsTouchedOnItsWayStays) {
  Bench bench(Held(3));
  bench.Step();
  bench.Step();
  EXPECT_TRUE(bench.evictor.Evicting(2));
  EXPECT_TRUE(bench.evictor.Revoke(2));
  EXPECT_FALSE(bench.evictor.Revoke(2));
  EXPECT_FALSE(bench.evictor.Evicting(2));
  bench.Finish();
  EXPECT_EQ(bench.host.punched, (Punched{{1010, 0}, {1030, 4}}));
  EXPECT_TRUE(bench.evictor.Resident(2));
  EXPECT_TRUE(bench.policy->IsResident(2));
  EXPECT_EQ(bench.evictor.counts().revoked, 1u);
}

TEST(Evictor, WhatNothingHoldsGoesInOneAction) {
  EvictorSetting setting = Held(3);
  setting.hold = Hold::kNothing;
  setting.write_tries = 2;
  Bench bench(setting);
  bench.host.failing = 1;
  bench.Step();
  EXPECT_EQ(bench.host.punched, (Punched{{2010, 0}}));
}

TEST(Evictor, AFailedWriteIsTriedAgainAfterAPause) {
  EvictorSetting setting = Held(1);
  setting.write_tries = 2;
  setting.retry_pause_ns = 100;
  Bench bench(setting);
  bench.host.failing = 1;
  EXPECT_EQ(bench.Step(), 1110u);  // failed at 1,010
  EXPECT_EQ(bench.Step(), 2110u);  // tried again
  EXPECT_TRUE(bench.host.punched.empty());
  bench.Step();
  EXPECT_EQ(bench.host.punched, (Punched{{2110, 0}}));
  EXPECT_EQ(bench.evictor.counts().refused, 0u);
}

TEST(Evictor, AWriteThatFailsTooOftenKeepsThePage) {
  EvictorSetting setting = Held(1);
  setting.write_tries = 2;
  Bench bench(setting);
  bench.host.failing = 2;
  bench.Finish();
  EXPECT_EQ(bench.host.writes, 4u);  // two of page 0, one of each of the others
  EXPECT_EQ(bench.evictor.counts().refused, 1u);
  EXPECT_EQ(bench.evictor.counts().dirty, 2u);
  EXPECT_TRUE(bench.evictor.Resident(0));
  EXPECT_TRUE(bench.policy->IsResident(0));
  EXPECT_EQ(bench.evictor.resident(), 1u);
}

TEST(Evictor, APageOnItsWayInIsNoVictim) {
  Bench bench(Held(1));
  bench.policy->OnFault(6);
  bench.evictor.Want(4, EvictWhat::kPressure);
  bench.Finish();
  EXPECT_EQ(bench.host.punched.size(), 3u);
  EXPECT_EQ(bench.host.writes, 3u);
  EXPECT_TRUE(bench.policy->IsResident(6));
  EXPECT_FALSE(bench.policy->IsResident(0));
}

TEST(Evictor, AfterThePressureComesWhatIsCold) {
  Bench bench(Held(1));
  bench.evictor.Want(1, EvictWhat::kCold);
  bench.Finish();
  EXPECT_EQ(bench.host.punched.size(), 1u);  // FIFO calls nothing cold
}

TEST(Evictor, AFaultThatWaitsTakesWhatTheBackgroundHasUnderWay) {
  Bench bench(Held(2));
  bench.Step();
  bench.Step();
  VmmThread handler;
  handler.WaitUntil(500);
  bench.evictor.EvictNow(handler, 1);
  EXPECT_EQ(bench.host.punched, (Punched{{1010, 0}}));
  EXPECT_EQ(bench.evictor.counts().direct, 1u);
  EXPECT_EQ(bench.evictor.counts().direct_ns, 510u);
}

TEST(Evictor, AFaultThatWaitsTriesAFailingStoreMoreOften) {
  Bench bench(Held(1));
  bench.host.failing = 7;
  VmmThread handler;
  bench.evictor.EvictNow(handler, 1);
  EXPECT_EQ(bench.host.punched, (Punched{{8010, 0}}));
}

}  // namespace
}  // namespace uffdsim
