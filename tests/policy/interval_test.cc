// Do policies choose what one accessed bit per page and interval can support?
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/base/rng.h"
#include "tests/policy/policy_harness.h"

namespace uffdsim::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint32_t kPages = 100000;  // several chunks of every lazily used array

std::unique_ptr<Policy> Make(std::string_view policy, std::uint64_t capacity = kPages) {
  References references;
  references.page_count = kPages;
  return MakeFor(policy, references, capacity, 1, {});
}

std::vector<PageId> Pick(Policy& policy, std::uint64_t count, Urgency urgency = Urgency::kMust) {
  std::vector<PageId> victims;
  policy.PickVictims(count, urgency, &victims);
  return victims;
}

void Fault(Policy& policy, std::initializer_list<PageId> pages) {
  for (const PageId page : pages) policy.OnFault(page);
}

void Scan(Policy& policy, std::initializer_list<PageRange> accessed) {
  policy.OnInterval({accessed.begin(), accessed.size()});
}

bool NeedsFuture(const PolicyRow& row) { return row.needs == PolicyNeeds::kFuture; }

TEST(Age, OldestFirstThenPageNumber) {
  const auto policy = Make("age");
  Fault(*policy, {70000, 5, 3, 9, 99999});
  Scan(*policy, {});        // everything was just faulted in: age 0
  Scan(*policy, {{3, 1}});  // 3 is young
  Scan(*policy, {{3, 3}});  // 3 and 5 are young
  EXPECT_THAT(Pick(*policy, 5), ElementsAre(9, 70000, 99999, 3, 5));
}

TEST(Age, ColdMeansUntouchedForThatManyScans) {
  const auto policy = Make("age:cold=2");
  Fault(*policy, {1, 2});
  Scan(*policy, {});
  Scan(*policy, {{2, 1}});
  EXPECT_THAT(Pick(*policy, 9, Urgency::kIfCold), IsEmpty());  // page 1 has age 1
  Scan(*policy, {});
  EXPECT_THAT(Pick(*policy, 9, Urgency::kIfCold), ElementsAre(1));  // ages 2 and 1
  EXPECT_TRUE(policy->IsResident(2));
  EXPECT_THAT(Pick(*policy, 9, Urgency::kMust), ElementsAre(2));
}

TEST(Age, SaturatesAndStillOrdersByPage) {
  const auto policy = Make("age");
  Fault(*policy, {8});
  for (int i = 0; i < 400; ++i) Scan(*policy, {});
  Fault(*policy, {4});
  for (int i = 0; i < 400; ++i) Scan(*policy, {});
  EXPECT_THAT(Pick(*policy, 2), ElementsAre(4, 8));
}

TEST(Age, ReferencesOneByOneAgeLikeTheScanThatWouldSeeThem) {
  const auto seen = Make("age");
  const auto scanned = Make("age");
  Rng rng(7);
  for (PageId page = 0; page < 50; ++page) {
    seen->OnFault(page);
    scanned->OnFault(page);
  }
  for (int interval = 0; interval < 6; ++interval) {
    std::vector<PageRange> ranges;
    for (PageId page = 0; page < 50; ++page) {
      if (rng.Below(3) != 0) continue;
      ranges.push_back({page, 1});
      seen->OnHits({&page, 1});
    }
    seen->OnIntervalEnd();
    scanned->OnInterval(ranges);
  }
  const std::vector<PageId> order = Pick(*seen, 50);
  EXPECT_EQ(order.size(), 50u);
  EXPECT_EQ(order, Pick(*scanned, 50));
}

TEST(Age, CostsAtMostTwoBytesAPage) {
  EXPECT_GT(Make("age")->MemoryBytes(), 0u);
  EXPECT_LE(Make("age")->MemoryBytes(), 2 * kPages);
}

TEST(Lru, OrdersByLastIntervalSeenThenPageNumber) {
  const auto policy = Make("lru");
  Fault(*policy, {6, 1, 4, 2});
  Scan(*policy, {{1, 1}, {4, 1}, {6, 1}});
  Scan(*policy, {{2, 1}});
  EXPECT_THAT(Pick(*policy, 4), ElementsAre(1, 4, 6, 2));
}

TEST(Clock, SeenPagesGetAnotherTurn) {
  const auto policy = Make("clock");
  Fault(*policy, {6, 1, 4});
  Scan(*policy, {{6, 1}});
  EXPECT_THAT(Pick(*policy, 2), ElementsAre(1, 4));  // 6 lost its bit and went behind
  Fault(*policy, {2});
  EXPECT_THAT(Pick(*policy, 2), ElementsAre(6, 2));
}

TEST(Clock, MultiBitCountersNeedAsManyTurns) {
  const auto policy = Make("clock:bits=2");
  Fault(*policy, {1, 2});
  for (int i = 0; i < 5; ++i) Scan(*policy, {{1, 1}});  // saturates at 3
  Scan(*policy, {{2, 1}});
  EXPECT_THAT(Pick(*policy, 1), ElementsAre(2));
  Fault(*policy, {3});
  EXPECT_THAT(Pick(*policy, 2), ElementsAre(3, 1));
}

TEST(EveryPolicy, GivesEachResidentPageOnceAndNoOther) {
  for (const PolicyRow& row : Policies()) {
    if (NeedsFuture(row)) continue;
    SCOPED_TRACE(row.name);
    const auto policy = Make(row.name, 64);
    for (PageId page = 10; page < 90; ++page) policy->OnFault(page);  // more than planned for
    Scan(*policy, {{0, 30}, {50, 5}, {89, 30}});
    policy->OnGone(33);
    policy->OnGone(10);
    EXPECT_EQ(policy->ResidentPages(), 78u);
    std::vector<PageId> victims = Pick(*policy, 1000);
    EXPECT_THAT(Pick(*policy, 1), IsEmpty());
    EXPECT_EQ(policy->ResidentPages(), 0u);
    std::sort(victims.begin(), victims.end());
    std::vector<PageId> expected;
    for (PageId page = 11; page < 90; ++page) {
      if (page != 33) expected.push_back(page);
    }
    EXPECT_EQ(victims, expected);
  }
}

TEST(EveryPolicy, ARefusedVictimIsResidentAgain) {
  for (const PolicyRow& row : Policies()) {
    if (NeedsFuture(row)) continue;
    SCOPED_TRACE(row.name);
    const auto policy = Make(row.name, 8);
    for (PageId page = 0; page < 8; ++page) policy->OnFault(page);
    Scan(*policy, {});
    const std::vector<PageId> victims = Pick(*policy, 3);
    ASSERT_EQ(victims.size(), 3u);
    EXPECT_FALSE(policy->IsResident(victims[1]));
    policy->OnRefused(victims[1]);
    EXPECT_TRUE(policy->IsResident(victims[1]));
    EXPECT_EQ(policy->ResidentPages(), 6u);
    EXPECT_EQ(Pick(*policy, 100).size(), 6u);
  }
}

// A long mixed life against a set of who should be resident.
TEST(EveryPolicy, NeverLosesCountOfResidentPages) {
  constexpr std::uint64_t kSeed = 99;
  for (const PolicyRow& row : Policies()) {
    if (NeedsFuture(row)) continue;
    SCOPED_TRACE(::testing::Message() << row.name << ", seed " << kSeed);
    Rng rng(kSeed);
    const auto policy = Make(row.name, 40);
    std::vector<bool> resident(120, false);
    std::uint64_t count = 0;
    for (int step = 0; step < 4000; ++step) {
      const PageId page = static_cast<PageId>(rng.Below(resident.size()));
      switch (rng.Below(10)) {
        case 0: {
          for (const PageId victim : Pick(*policy, rng.Below(6))) {
            ASSERT_TRUE(resident[victim]);
            resident[victim] = false;
            --count;
          }
          break;
        }
        case 1: {
          if (resident[page]) policy->OnGone(page), resident[page] = false, --count;
          break;
        }
        case 2: Scan(*policy, {{page, 8}}); break;
        default: {
          if (resident[page]) {
            policy->OnHits({&page, 1});
          } else if (count < 60) {
            policy->OnFault(page), resident[page] = true, ++count;
          }
        }
      }
      ASSERT_EQ(policy->ResidentPages(), count);
      ASSERT_EQ(policy->IsResident(page), resident[page]);
    }
    EXPECT_GT(count, 0u);
  }
}

}  // namespace
}  // namespace uffdsim::testing
