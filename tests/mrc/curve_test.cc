// Is the one-pass curve what LRU itself misses, and do the bounds hold for any order?
#include "sim/mrc/lru_curve.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/base/rng.h"
#include "sim/mrc/policy_curve.h"
#include "sim/mrc/recency_stack.h"
#include "tests/policy/policy_harness.h"

namespace uffdsim {
namespace {

using ::testing::ElementsAre;

std::vector<std::uint64_t> UpTo(std::uint64_t last) {
  std::vector<std::uint64_t> sizes(last);
  std::iota(sizes.begin(), sizes.end(), std::uint64_t{1});
  return sizes;
}

ReferenceString Epochs(const std::vector<std::vector<PageId>>& epochs) {
  ReferenceString references;
  for (const std::vector<PageId>& epoch : epochs) {
    references.epoch_begins.push_back(references.pages.size());
    for (const PageId page : epoch) {
      references.pages.push_back(page);
      references.page_count = std::max(references.page_count, page + 1);
    }
  }
  references.footprint_pages = CountDistinct(references.pages, references.page_count);
  return references;
}

// a b c b a a d a: distances - - - 1 2 0 - 1.
TEST(RecencyStack, DistancesCountedByHand) {
  RecencyStack stack;
  constexpr std::uint64_t kCold = RecencyStack::kCold;
  const std::vector<std::pair<PageId, std::uint64_t>> expected = {
      {10, kCold}, {11, kCold}, {12, kCold}, {11, 1}, {10, 2}, {10, 0}, {13, kCold}, {10, 1}};
  for (const auto& [page, distance] : expected) EXPECT_EQ(stack.Touch(page), distance) << page;
  EXPECT_EQ(stack.live_pages(), 4U);
}

TEST(RecencyStack, ARemovedPageIsColdAgainAndCountsNoMore) {
  RecencyStack stack;
  for (const PageId page : {1U, 2U, 3U}) EXPECT_EQ(stack.Touch(page), RecencyStack::kCold);
  stack.Remove(2);
  stack.Remove(7);                // not known
  EXPECT_EQ(stack.Touch(1), 1U);  // only 3 lies above
  EXPECT_EQ(stack.Touch(2), RecencyStack::kCold);
}

// Enough touches for the slots to run out many times, against a list that is searched.
TEST(RecencyStack, EqualsAListWhenSlotsRunOut) {
  constexpr std::uint32_t kPages = 300;
  Rng rng(5);
  RecencyStack stack;
  std::vector<PageId> list;  // most recent first
  for (int i = 0; i < 400'000; ++i) {
    const auto page = static_cast<PageId>(rng.Below(1 + rng.Below(kPages)));
    const auto at = std::find(list.begin(), list.end(), page);
    const std::uint64_t expected =
        at == list.end() ? RecencyStack::kCold : static_cast<std::uint64_t>(at - list.begin());
    ASSERT_EQ(stack.Touch(page), expected) << i;
    if (at != list.end()) list.erase(at);
    list.insert(list.begin(), page);
    if (rng.Below(1000) == 0) {
      stack.Remove(list.back());
      list.pop_back();
    }
  }
}

TEST(LruCurve, MissesCountedByHand) {
  // Distances: 4 cold, one 0, two 1, one 2.
  const std::vector<PageId> pages = {0, 1, 2, 1, 0, 0, 3, 0};
  const std::array<std::uint64_t, 5> sizes = {1, 2, 3, 4, 100};
  EXPECT_THAT(LruDistances(pages).MissesAt(sizes), ElementsAre(7, 5, 4, 4, 4));
}

TEST(LruCurve, EqualsThePolicyAtEverySize) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const testing::References random = testing::RandomReferences(seed, 200, 6000);
    const std::vector<std::uint64_t> sizes = UpTo(210);
    const std::vector<std::uint64_t> misses = LruDistances(random.pages).MissesAt(sizes);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      ASSERT_EQ(misses[i], testing::Misses("lru", random, sizes[i])) << seed << " at " << sizes[i];
    }
  }
}

TEST(LruCurve, EqualsTheRecordedCountsOfAPublicTrace) {
  const std::string path = testing::GoldenFolder() + "/cloudPhysicsIO.oracleGeneral.bin";
  const std::optional<testing::References> trace = testing::ReadOracleGeneral(path);
  if (!trace) GTEST_SKIP() << "no trace at " << path;
  const std::array<std::uint64_t, 2> sizes = {489, 4897};
  EXPECT_THAT(LruDistances(trace->pages).MissesAt(sizes), ElementsAre(95420, 91657));
}

// {a b} {c} {a}: at the best a's distance is 1 (c), at the worst 2 (b came after it).
// {a b} {a b}: at the best 0 for each, at the worst 1.
TEST(EpochBounds, DistancesCountedByHand) {
  const std::array<std::uint64_t, 4> sizes = {1, 2, 3, 4};
  const LruBounds three = EpochBounds(Epochs({{0, 1}, {2}, {0}}));
  EXPECT_THAT(three.least.MissesAt(sizes), ElementsAre(4, 3, 3, 3));
  EXPECT_THAT(three.greatest.MissesAt(sizes), ElementsAre(4, 4, 3, 3));
  EXPECT_EQ(three.valid_from_pages, 2U);
  const LruBounds twice = EpochBounds(Epochs({{0, 1}, {0, 1}}));
  EXPECT_THAT(twice.least.MissesAt(sizes), ElementsAre(2, 2, 2, 2));
  EXPECT_THAT(twice.greatest.MissesAt(sizes), ElementsAre(4, 2, 2, 2));
}

// Epochs as a guest that plays its accesses in any order, pages touched again inside an epoch
// included: its misses lie between the bounds, from the largest epoch's size on.
TEST(EpochBounds, HoldForAnyOrderInsideEpochs) {
  Rng rng(11);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::vector<PageId>> sets(40);
    std::vector<PageId> played;
    for (std::vector<PageId>& set : sets) {
      std::vector<PageId> order;
      const std::uint64_t touches = 1 + rng.Below(12);
      for (std::uint64_t i = 0; i < touches; ++i) {
        order.push_back(static_cast<PageId>(rng.Below(1 + rng.Below(60))));
      }
      played.insert(played.end(), order.begin(), order.end());
      set = order;
      std::sort(set.begin(), set.end());
      set.erase(std::unique(set.begin(), set.end()), set.end());
    }
    const ReferenceString references = Epochs(sets);
    const LruBounds bounds = EpochBounds(references);
    const std::vector<std::uint64_t> sizes = UpTo(70);
    const std::vector<std::uint64_t> least = bounds.least.MissesAt(sizes);
    const std::vector<std::uint64_t> greatest = bounds.greatest.MissesAt(sizes);
    const std::vector<std::uint64_t> real = LruDistances(played).MissesAt(sizes);
    const std::vector<std::uint64_t> ascending = LruDistances(references.pages).MissesAt(sizes);
    for (std::size_t i = bounds.valid_from_pages - 1; i < sizes.size(); ++i) {
      EXPECT_LE(least[i], real[i]) << round << " at " << sizes[i];
      EXPECT_GE(greatest[i], real[i]) << round << " at " << sizes[i];
      EXPECT_LE(least[i], ascending[i]) << round << " at " << sizes[i];
      EXPECT_GE(greatest[i], ascending[i]) << round << " at " << sizes[i];
    }
  }
}

TEST(PolicyCurve, EqualsSingleRunsForAnyNumberOfThreads) {
  const testing::References random = testing::RandomReferences(4, 150, 5000);
  ReferenceString references;
  references.pages = random.pages;
  references.page_count = random.page_count;
  std::vector<PolicyChoice> policies;
  for (const PolicyRow& row : Policies()) policies.push_back(*ParsePolicy(row.name));
  const std::vector<std::uint64_t> sizes = {7, 30, 90};
  for (const unsigned threads : {1U, 2U, 5U}) {
    PolicyRuns runs;
    runs.policies = policies;
    runs.sizes = sizes;
    runs.threads = threads;
    std::size_t calls = 0;
    runs.progress = [&](std::size_t done, std::size_t all) {
      EXPECT_EQ(done, ++calls);
      EXPECT_EQ(all, policies.size() * sizes.size());
    };
    const std::vector<PolicyCurve> curves = SimulatePolicies(references, runs);
    ASSERT_EQ(curves.size(), policies.size());
    for (const PolicyCurve& curve : curves) {
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        EXPECT_EQ(curve.misses[i], testing::Misses(curve.policy.row->name, random, sizes[i]))
            << curve.policy.row->name << " at " << sizes[i];
      }
    }
    EXPECT_EQ(calls, policies.size() * sizes.size());
  }
}

}  // namespace
}  // namespace uffdsim
