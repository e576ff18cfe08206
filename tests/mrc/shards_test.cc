// Does a sample of the pages give LRU's curve, within the error that its authors report?
#include "sim/mrc/shards.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/base/rng.h"
#include "sim/mrc/lru_curve.h"

namespace uffdsim {
namespace {

using ::testing::HasSubstr;

// A working set that drifts, with a scan now and then: knees and plateaus.
std::vector<PageId> Drifting(std::size_t length) {
  Rng rng(17);
  std::vector<PageId> pages;
  std::uint32_t scan = 0;
  while (pages.size() < length) {
    const auto base = static_cast<std::uint32_t>(pages.size() / 100);
    if (rng.Below(4) == 0) {
      pages.push_back(60'000 + scan++ % 20'000);
    } else {
      pages.push_back(static_cast<PageId>(base + rng.Below(1 + rng.Below(30'000))));
    }
  }
  return pages;
}

std::vector<std::uint64_t> Sizes() {
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t size = 500; size <= 50'000; size += 500) sizes.push_back(size);
  return sizes;
}

double MeanError(const std::vector<PageId>& pages, const ShardsCurve& curve) {
  const std::vector<std::uint64_t> sizes = Sizes();
  const std::vector<std::uint64_t> misses = LruDistances(pages).MissesAt(sizes);
  double sum = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    sum += std::fabs(curve.miss_ratios[i] -
                     static_cast<double>(misses[i]) / static_cast<double>(pages.size()));
  }
  return sum / static_cast<double>(sizes.size());
}

TEST(Shards, ARateOfOneIsExact) {
  const std::vector<PageId> pages = Drifting(200'000);
  const ShardsCurve curve = EstimateLru(pages, *ParseShards("1"), Sizes());
  EXPECT_LT(MeanError(pages, curve), 1e-12);
  EXPECT_EQ(curve.sampled_references, pages.size());
}

// The paper reports mean errors below 0.02 at a rate of 0.01 and below 0.01 with 8,192 pages, for
// traces of millions of pages; this one has 80,000.
TEST(Shards, AFixedRateIsNear) {
  const std::vector<PageId> pages = Drifting(1'500'000);
  const ShardsCurve curve = EstimateLru(pages, *ParseShards("0.05"), Sizes());
  EXPECT_LT(MeanError(pages, curve), 0.02);
  EXPECT_NEAR(static_cast<double>(curve.sampled_references), 0.05 * 1.5e6, 0.15 * 0.05 * 1.5e6);
  EXPECT_DOUBLE_EQ(curve.final_rate, static_cast<double>(838860) / kShardsModulus);
}

TEST(Shards, AFixedSizeIsNearAndStaysInItsMemory) {
  const std::vector<PageId> pages = Drifting(1'500'000);
  const ShardsCurve curve = EstimateLru(pages, *ParseShards("4096"), Sizes());
  EXPECT_LT(MeanError(pages, curve), 0.02);
  EXPECT_LE(curve.sampled_pages_max, 4096U);
  EXPECT_LT(curve.final_rate, 0.1);
}

TEST(Shards, TextsThatMeanNothing) {
  for (const char* text : {"", "0", "-1", "1.5", "one", "0.1x", "8192.5", "1e300"}) {
    const absl::StatusOr<ShardsChoice> choice = ParseShards(text);
    ASSERT_FALSE(choice.ok()) << text;
    EXPECT_THAT(std::string(choice.status().message()), HasSubstr("expected a rate above 0"));
  }
}

}  // namespace
}  // namespace uffdsim
