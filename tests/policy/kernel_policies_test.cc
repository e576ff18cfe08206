// Do the policies that mirror kernels and fleets decide as their sources do, on cases worked by
// hand?
#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/policy/policy_harness.h"

namespace uffdsim::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::unique_ptr<Policy> Make(std::string_view policy, std::uint64_t capacity = 100) {
  References references;
  references.page_count = 1000;
  return MakeFor(policy, references, capacity, 1, {});
}

std::vector<PageId> Pick(Policy& policy, std::uint64_t count, Urgency urgency = Urgency::kMust) {
  std::vector<PageId> victims;
  policy.PickVictims(count, urgency, &victims);
  return victims;
}

void Fault(Policy& policy, PageId first, PageId last) {
  for (PageId page = first; page <= last; ++page) policy.OnFault(page);
}

void Touch(Policy& policy, std::vector<PageId> pages) { policy.OnHits(pages); }

TEST(ActiveInactive, TheFirstBitComesFromTheFaultAndRotatesOnce) {
  const auto policy = Make("active-inactive");
  Fault(*policy, 1, 3);
  EXPECT_THAT(Pick(*policy, 1), ElementsAre(1));  // all three rotated, then 1 had no bit left
  Touch(*policy, {2});
  EXPECT_THAT(Pick(*policy, 1), ElementsAre(3));  // 2 was seen a second time: active
}

TEST(ActiveInactive, ASoonRefaultEntersTheActiveList) {
  const auto policy = Make("active-inactive:batch=1");
  Fault(*policy, 1, 8);
  ASSERT_THAT(Pick(*policy, 1), ElementsAre(1));
  Touch(*policy, {2, 3, 4, 5, 6, 7, 8});
  ASSERT_THAT(Pick(*policy, 1), ElementsAre(2));  // the first deactivated; 6, 7 and 8 are active
  policy->OnFault(2);                             // one eviction ago, three active pages: soon
  EXPECT_THAT(Pick(*policy, 7), ElementsAre(3, 4, 5, 6, 7, 8, 2));
}

TEST(ActiveInactive, ALateRefaultEntersTheInactiveList) {
  const auto policy = Make("active-inactive:batch=1");
  Fault(*policy, 1, 8);
  ASSERT_THAT(Pick(*policy, 1), ElementsAre(1));
  Touch(*policy, {2, 3, 4, 5, 6, 7, 8});
  ASSERT_THAT(Pick(*policy, 1), ElementsAre(2));
  policy->OnFault(1);  // nine evictions and activations ago: late
  // It rotates once for its fault and goes before the pages that were active.
  EXPECT_THAT(Pick(*policy, 7), ElementsAre(3, 4, 5, 6, 1, 7, 8));
}

TEST(Mglru, TwiceSeenIsYoungestAndNeighboursAreLookedAt) {
  const auto policy = Make("mglru");
  Fault(*policy, 1, 4);
  EXPECT_THAT(Pick(*policy, 1), ElementsAre(1));  // the walk saw all of them once
  Touch(*policy, {2, 3});
  EXPECT_THAT(Pick(*policy, 1), ElementsAre(4));  // 2 at the tail, 3 by looking around it: youngest
  policy->OnFault(4);
  EXPECT_THAT(Pick(*policy, 1), ElementsAre(4));  // 4 was never in the working set
}

TEST(Mglru, WithoutLookingAroundANeighbourIsFoundByItself) {
  const auto policy = Make("mglru:around=0");
  Fault(*policy, 1, 4);
  ASSERT_THAT(Pick(*policy, 1), ElementsAre(1));
  Touch(*policy, {2, 3});
  EXPECT_THAT(Pick(*policy, 1), ElementsAre(4));
}

TEST(Mglru, AWorkingSetPageRefaultsIntoTheYoungestGeneration) {
  const auto policy = Make("mglru");
  Fault(*policy, 1, 4);
  ASSERT_THAT(Pick(*policy, 1), ElementsAre(1));
  Touch(*policy, {2, 3});
  ASSERT_THAT(Pick(*policy, 2), ElementsAre(4, 2));
  policy->OnFault(2);
  policy->OnFault(7);
  EXPECT_THAT(Pick(*policy, 3), ElementsAre(3, 7, 2));
}

// One scan a minute, no promotion allowed, the percentile being the highest of all.
constexpr std::string_view kStrict = "g-swap:scan_s=60,level=0,percentile=100,quiet_s=0";

TEST(GSwap, APromotionRaisesTheThresholdPastItsAge) {
  const auto policy = Make(kStrict);
  Fault(*policy, 0, 9);
  policy->OnInterval({});
  policy->OnInterval({});
  EXPECT_THAT(Pick(*policy, 0, Urgency::kIfCold), IsEmpty());
  const PageRange three[] = {{3, 1}};
  policy->OnInterval(three);  // promoted at age 1, so the threshold is 2
  EXPECT_THAT(Pick(*policy, 100, Urgency::kIfCold), ElementsAre(0, 1, 2, 4, 5, 6, 7, 8, 9));
  policy->OnInterval({});
  EXPECT_THAT(Pick(*policy, 100, Urgency::kIfCold), IsEmpty());  // 3 has age 1
  policy->OnInterval({});
  EXPECT_THAT(Pick(*policy, 100, Urgency::kIfCold), ElementsAre(3));
}

TEST(GSwap, RefaultsCountAtTheAgeThePageWouldHave) {
  const auto policy = Make(kStrict);
  Fault(*policy, 0, 9);
  for (int i = 0; i < 3; ++i) policy->OnInterval({});
  ASSERT_THAT(Pick(*policy, 1, Urgency::kIfCold), ElementsAre(0));  // at age 2
  policy->OnInterval({});
  policy->OnFault(0);  // promoted at age 3: the threshold becomes 4
  policy->OnInterval({});
  EXPECT_THAT(Pick(*policy, 100, Urgency::kIfCold), SizeIs(9));  // the others have age 4
  EXPECT_TRUE(policy->IsResident(0));
}

TEST(GSwap, TheServiceLevelAllowsAShareOfTheWorkingSet) {
  // Two promotions a minute are half of the four pages of the working set.
  const auto policy = Make("g-swap:scan_s=60,level=0.5,percentile=100,quiet_s=0");
  Fault(*policy, 0, 9);
  policy->OnInterval({});
  policy->OnInterval({});
  const PageRange two[] = {{0, 2}};
  Fault(*policy, 20, 21);
  policy->OnInterval(two);  // 0 and 1 promoted; with 20 and 21 the working set is four pages
  EXPECT_THAT(Pick(*policy, 100, Urgency::kIfCold), SizeIs(8));
}

TEST(GSwap, NothingIsColdInTheBeginning) {
  const auto policy = Make("g-swap:scan_s=60,quiet_s=180");
  Fault(*policy, 0, 9);
  for (int scan = 1; scan <= 2; ++scan) {
    policy->OnInterval({});
    EXPECT_THAT(Pick(*policy, 1, Urgency::kIfCold), IsEmpty());
  }
  EXPECT_THAT(Pick(*policy, 1, Urgency::kMust), ElementsAre(0));
  policy->OnInterval({});
  EXPECT_THAT(Pick(*policy, 1, Urgency::kIfCold), ElementsAre(1));
}

// A quarter of the pages is touched in every interval; the rest never again.
TEST(Damon, FindsTheIdleRegionsBySampling) {
  const auto policy = Make("damon:samples=5,cold=2", 1000);
  Fault(*policy, 0, 999);
  const PageRange hot[] = {{500, 250}};
  for (int interval = 0; interval < 5 * 12; ++interval) policy->OnInterval(hot);
  const std::vector<PageId> cold = Pick(*policy, 1000, Urgency::kIfCold);
  EXPECT_GT(cold.size(), 600u);  // of 750 idle pages; regions at the edges may straddle
  const auto is_hot = [](PageId page) { return page >= 500 && page < 750; };
  EXPECT_LT(std::count_if(cold.begin(), cold.end(), is_hot), 50);
  // Forced to go on, it takes the hot ones last.
  const std::vector<PageId> rest = Pick(*policy, 1000);
  EXPECT_TRUE(is_hot(rest.back()));
}

TEST(Damon, NothingIsColdBeforeItsAge) {
  const auto policy = Make("damon:samples=1,cold=3", 1000);
  Fault(*policy, 0, 999);
  policy->OnInterval({});  // the first samples: their bits are from the faults
  policy->OnInterval({});  // idle at last: age 0
  EXPECT_THAT(Pick(*policy, 1, Urgency::kIfCold), IsEmpty());
  for (int i = 0; i < 5; ++i) policy->OnInterval({});
  EXPECT_THAT(Pick(*policy, 2000, Urgency::kIfCold), SizeIs(1000));
}

TEST(Lecar, FollowsTheExpertThatIsRight) {
  // After a start without it, a scan: LFU keeps the hot set, LRU loses each page just too early.
  References scan;
  scan.page_count = 10000;
  for (PageId i = 0; i < 600; ++i) scan.pages.push_back(i % 60);
  for (PageId i = 0; i < 9000; ++i) {
    scan.pages.push_back(i % 60);
    scan.pages.push_back(100 + i);
  }
  const std::uint64_t lru = Misses("lru", scan, 100);
  const std::uint64_t lfu = Misses("lfu", scan, 100);
  const std::uint64_t lecar = Misses("lecar", scan, 100);
  ASSERT_LT(lfu + 4000, lru);
  EXPECT_LT(lecar, (lru + lfu) / 2);
}

// A loop a little larger than memory: LRU and CLOCK miss always.
TEST(ClockPro, KeepsPartOfALoop) {
  References loop;
  loop.page_count = 110;
  for (PageId i = 0; i < 50 * loop.page_count; ++i) loop.pages.push_back(i % loop.page_count);
  EXPECT_EQ(Misses("clock", loop, 100), loop.pages.size());
  EXPECT_LT(Misses("clock-pro", loop, 100), loop.pages.size() / 2);
  EXPECT_GE(Misses("clock-pro", loop, 100), Misses("min", loop, 100));
}

// A hot set and a scan that never returns: admission keeps the scan out.
TEST(WTinyLfu, AScanDoesNotPushOutTheHotSet) {
  References references;
  references.page_count = 5000;
  for (PageId i = 0; i < 4000; ++i) {
    references.pages.push_back(i % 80);
    references.pages.push_back(100 + i);
  }
  EXPECT_LT(Misses("w-tinylfu", references, 100), 4000u + 80u + 200u);
  EXPECT_GT(Misses("lru", references, 100), 7500u);
}

// Hits come soon after a load or never: what has waited longer has no hits to expect. LRU keeps the
// pages seen twice as long as those that are still to be seen a second time.
TEST(Lhd, LearnsWhenHitsCome) {
  References references;
  references.page_count = 120000;
  // Each page is used twice, 60 references apart, with one single use between each.
  for (PageId i = 0; i < 60000; ++i) {
    references.pages.push_back(i);
    references.pages.push_back(i < 60 ? 60000 + i : i - 60);
  }
  const std::uint64_t lru = Misses("lru", references, 80);
  const std::uint64_t lhd = Misses("lhd:reconfigure=2000", references, 80);
  const std::uint64_t min = Misses("min", references, 80);
  EXPECT_EQ(lru, references.pages.size());
  EXPECT_LT(lhd, min + (lru - min) / 2);
}

// The more of memory a sample covers, the more surely the least dense page goes.
TEST(Hyperbolic, FewReferencesOverALongTimeGoFirst) {
  References references;
  references.page_count = 10;
  references.pages = {0, 1, 2, 3, 1, 2, 3, 1, 2, 3, 4};
  EXPECT_THAT(Victims("hyperbolic:sample=4096", references, 4),
              ElementsAre(kNoPage, kNoPage, kNoPage, kNoPage, 0));
}

}  // namespace
}  // namespace uffdsim::testing
