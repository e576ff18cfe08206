// Do stores take the time their row says, keep what was written, and lose nothing when they fail?
#include "sim/store/store.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/store/catalogue.h"

namespace uffdsim {
namespace {

using ::testing::HasSubstr;

constexpr std::uint32_t kPages = 1000;
constexpr std::uint32_t kPageBytes = 4096;

// 1 us latency and 1 ns a byte, so that every figure below can be added up by hand.
StoreTiming Round(std::uint32_t channels) {
  StoreTiming timing;
  timing.read_latency_ns = 1000;
  timing.write_latency_ns = 2000;
  timing.read_bytes_per_s = 1'000'000'000;
  timing.write_bytes_per_s = 1'000'000'000;
  timing.channels = channels;
  return timing;
}

TEST(StoreQueue, OneChannelServesOneAfterTheOther) {
  StoreQueue queue(Round(1), 1);
  EXPECT_EQ(queue.Submit(0, StoreOp::kRead, 100), 1100u);
  EXPECT_EQ(queue.Submit(0, StoreOp::kRead, 100), 2200u);
  EXPECT_EQ(queue.Submit(5000, StoreOp::kWrite, 100), 7100u);  // idle in between
}

TEST(StoreQueue, ChannelsOverlapLatencyButShareTheLink) {
  StoreQueue queue(Round(2), 1);
  EXPECT_EQ(queue.Submit(0, StoreOp::kRead, 100), 1100u);
  EXPECT_EQ(queue.Submit(0, StoreOp::kRead, 100), 1200u);  // behind the first on the link
  EXPECT_EQ(queue.Submit(0, StoreOp::kRead, 100), 2200u);  // first channel, free at 1100
}

TEST(StoreQueue, ALimitOfOneKindHoldsBackOnlyThatKind) {
  StoreTiming timing = Round(4);
  timing.reads = 1;
  StoreQueue queue(timing, 1);
  EXPECT_EQ(queue.Submit(0, StoreOp::kRead, 100), 1100u);
  EXPECT_EQ(queue.Submit(0, StoreOp::kRead, 100),
            2200u);  // begins at 1100, on a channel of its own
  EXPECT_EQ(queue.Submit(0, StoreOp::kWrite, 100),
            2300u);  // ready at 2000, then behind on the link
  EXPECT_EQ(queue.Submit(5000, StoreOp::kRead, 100), 6100u);
}

TEST(StoreQueue, WritesHaveTheirOwnLinkWhereItGoesEachWay) {
  StoreTiming timing = Round(4);
  timing.write_latency_ns = timing.read_latency_ns;
  StoreQueue shared(timing, 1);
  shared.Submit(0, StoreOp::kRead, 500);
  EXPECT_EQ(shared.Submit(0, StoreOp::kWrite, 500), 2000u);
  timing.link = Link::kEachWay;
  StoreQueue each_way(timing, 1);
  each_way.Submit(0, StoreOp::kRead, 500);
  EXPECT_EQ(each_way.Submit(0, StoreOp::kWrite, 500), 1500u);
}

TEST(StoreQueue, TransfersRoundUpAndMayBeFree) {
  StoreTiming timing = Round(1);
  timing.read_bytes_per_s = 3'000'000'000;
  StoreQueue queue(timing, 1);
  EXPECT_EQ(queue.Submit(0, StoreOp::kRead, 4096), 1000u + 1366u);
  timing.read_bytes_per_s = 0;
  StoreQueue free(timing, 1);
  EXPECT_EQ(free.Submit(0, StoreOp::kRead, 4096), 1000u);
}

TEST(StoreQueue, JitterIsBoundedSeededAndNotConstant) {
  StoreTiming timing = Round(1);
  timing.read_bytes_per_s = 0;
  timing.jitter_permille = 100;
  StoreQueue one(timing, 42);
  StoreQueue same(timing, 42);
  StoreQueue other(timing, 43);
  std::uint64_t differences = 0;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    const std::uint64_t now = i * 1'000'000;
    const std::uint64_t took = one.Submit(now, StoreOp::kRead, 1) - now;
    EXPECT_GE(took, 900u);
    EXPECT_LE(took, 1100u);
    EXPECT_EQ(same.Submit(now, StoreOp::kRead, 1) - now, took);
    if (other.Submit(now, StoreOp::kRead, 1) - now != took) ++differences;
  }
  EXPECT_GT(differences, 900u);
}

TEST(StoreQueue, TheTailIsAsLongAndAsRareAsAsked) {
  StoreTiming timing = Round(1);
  timing.read_bytes_per_s = 0;
  timing.tail_one_in = 10;
  timing.tail_times = 7;
  StoreQueue queue(timing, 1);
  std::uint64_t slow = 0;
  for (std::uint64_t i = 1; i <= 10000; ++i) {
    const std::uint64_t now = i * 1'000'000;
    const std::uint64_t took = queue.Submit(now, StoreOp::kRead, 1) - now;
    ASSERT_TRUE(took == 1000 || took == 7000) << took;
    if (took == 7000) ++slow;
  }
  EXPECT_NEAR(static_cast<double>(slow), 1000, 120);
}

TEST(Store, KeepsTheLastTokenWritten) {
  Store store(Round(1), kPages, kPageBytes, 1);
  EXPECT_EQ(store.Read(5, 7).result, StoreResult::kAbsent);
  EXPECT_EQ(store.Read(5, 7).completion_ns, 5u);
  EXPECT_EQ(store.Write(0, 7, 41).completion_ns, 2000u + kPageBytes);
  store.Write(0, 7, 42);
  store.Write(0, 8, 0);
  EXPECT_EQ(store.Read(0, 7).token, 42u);
  EXPECT_EQ(store.Read(0, 8).result, StoreResult::kDone);  // token 0 is a token
  EXPECT_EQ(store.StoredPages(), 2u);
  EXPECT_TRUE(store.Drop(7));
  EXPECT_FALSE(store.Drop(7));
  EXPECT_EQ(store.Read(0, 7).result, StoreResult::kAbsent);
  EXPECT_EQ(store.StoredPages(), 1u);
  EXPECT_EQ(
      store.counters(),
      (StoreCounters{
          .reads = 2, .writes = 3, .bytes_read = 2 * kPageBytes, .bytes_written = 3 * kPageBytes}));
}

TEST(Store, AFailedWriteKeepsTheOldContentAndAFailedReadTheNew) {
  Store store(Round(1), kPages, kPageBytes, 1, {.every_read = 2, .every_write = 2});
  EXPECT_EQ(store.Write(0, 3, 10).result, StoreResult::kDone);
  EXPECT_EQ(store.Write(0, 3, 11).result, StoreResult::kFailed);
  EXPECT_EQ(store.Read(0, 3).token, 10u);
  EXPECT_EQ(store.Write(0, 3, 12).result, StoreResult::kDone);
  EXPECT_EQ(store.Read(0, 3).result, StoreResult::kFailed);
  EXPECT_EQ(store.Read(0, 3).token, 12u);
  EXPECT_EQ(store.counters().write_failures, 1u);
  EXPECT_EQ(store.counters().read_failures, 1u);
}

TEST(Store, CompressedMemoryTakesItsShareOfTheHost) {
  Store zram(FindStore("zram")->timing, kPages, kPageBytes, 1);
  for (std::uint32_t page = 0; page < 30; ++page) zram.Write(0, page, page);
  EXPECT_EQ(zram.HostBytes(), 30u * kPageBytes * 333 / 1000);
  Store nvme(FindStore("nvme")->timing, kPages, kPageBytes, 1);
  nvme.Write(0, 1, 1);
  EXPECT_EQ(nvme.HostBytes(), 0u);
}

// The presets' rates follow from their rows: channels / latency, or the bandwidth if that is less.
TEST(Catalogue, PresetsReachTheRatesTheyCite) {
  struct Rate {
    std::string_view store;
    double lowest;
    double highest;
  };
  // 4 KiB reads a second under a deep queue.
  const Rate rates[] = {{"nvme", 440e3, 500e3},
                        {"remote", 1.6e6, 1.8e6},
                        {"object", 1.6e3, 1.8e3},
                        {"zram", 155e3, 157e3},
                        {"cxl", 4.6e6, 5.0e6}};
  EXPECT_EQ(std::size(rates), Stores().size());
  for (const Rate& rate : rates) {
    StoreQueue queue(FindStore(rate.store)->timing, 1);
    constexpr int kReads = 100000;
    std::uint64_t last = 0;
    for (int i = 0; i < kReads; ++i) last = queue.Submit(0, StoreOp::kRead, kPageBytes);
    const double per_second = kReads / (static_cast<double>(last) / 1e9);
    EXPECT_GE(per_second, rate.lowest) << rate.store;
    EXPECT_LE(per_second, rate.highest) << rate.store;
  }
}

std::string ErrorOf(std::string_view text) {
  const absl::StatusOr<StoreChoice> choice = ParseStore(text);
  return choice.ok() ? "no error" : std::string(choice.status().message());
}

TEST(Catalogue, FormatsWhatItParses) {
  for (const StoreRow& row : Stores()) {
    const std::string text = FormatStore(*ParseStore(row.name));
    EXPECT_EQ(FormatStore(*ParseStore(text)), text);
    EXPECT_FALSE(row.source.empty());
  }
  const StoreChoice choice = *ParseStore("nvme:channels=3,link=each-way,read_latency_ns=9");
  EXPECT_EQ(choice.timing.channels, 3u);
  EXPECT_EQ(choice.timing.link, Link::kEachWay);
  EXPECT_EQ(choice.timing.read_latency_ns, 9u);
  EXPECT_EQ(choice.timing.write_latency_ns, 20000u);
}

TEST(Catalogue, ErrorsNamePositionAndExpectation) {
  EXPECT_EQ(ErrorOf("nmve"), "store, character 1: unknown store 'nmve'; did you mean nvme?");
  EXPECT_EQ(
      ErrorOf("nvme:channels=0"),
      "store, character 15: '0' is no value of channels; expected a whole number from 1 to 65536");
  EXPECT_THAT(ErrorOf("nvme:chanels=4"), HasSubstr("did you mean channels?"));
  EXPECT_THAT(ErrorOf("nvme:channels=-1"), HasSubstr("'-1' is no value of channels"));
  EXPECT_THAT(ErrorOf("nvme:link=both"), HasSubstr("expected one of: shared each-way"));
  EXPECT_THAT(ErrorOf("nvme:read_latency_ns"), HasSubstr("expected key=value"));
}

}  // namespace
}  // namespace uffdsim
