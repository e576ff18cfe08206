// Do policies obey what is known of them: identities, bounds, and small examples worked by hand?
#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/base/rng.h"
#include "tests/policy/policy_harness.h"

namespace uffdsim::testing {
namespace {

using ::testing::ElementsAre;

constexpr std::uint64_t kCapacities[] = {1, 2, 3, 7, 20, 63, 64, 100};
constexpr std::uint64_t kSeeds = 6;

References Random(std::uint64_t seed) { return RandomReferences(seed, 120, 6000); }

References Of(std::vector<PageId> pages) {
  References references;
  references.page_count = *std::max_element(pages.begin(), pages.end()) + 1;
  references.pages = std::move(pages);
  return references;
}

void ExpectSameVictims(std::string_view one, std::string_view other,
                       std::uint64_t most_capacity = 1000) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const References references = Random(seed);
    for (const std::uint64_t capacity : kCapacities) {
      if (capacity > most_capacity) continue;
      const std::vector<PageId> expected = Victims(other, references, capacity);
      ASSERT_FALSE(expected.empty());
      EXPECT_EQ(Victims(one, references, capacity), expected)
          << one << " against " << other << ", capacity " << capacity << ", seed " << seed;
    }
  }
}

TEST(Identity, DegenerateParametersGiveSimplerPolicies) {
  ExpectSameVictims("clock:bits=0", "fifo");
  ExpectSameVictims("slru:segments=1", "lru");
  ExpectSameVictims("lru-k:k=1", "lru");
  ExpectSameVictims("lfuda:aging=0", "lfu");
  ExpectSameVictims("w-tinylfu:window=1", "lru");
}

// As long as no resident page's age, counted in references, saturates.
TEST(Identity, AgeWithAScanAfterEveryReferenceIsLru) { ExpectSameVictims("age:scan=1", "lru", 64); }

// Distances counted with a plain list, sharing nothing with the policies.
TEST(Identity, LruMissesAreThoseOfTheStackDistances) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const References references = Random(seed);
    std::vector<PageId> stack;
    std::vector<std::uint64_t> hits_at(references.page_count + 1, 0);
    for (const PageId page : references.pages) {
      const auto place = std::find(stack.begin(), stack.end(), page);
      if (place != stack.end()) {
        ++hits_at[static_cast<std::size_t>(place - stack.begin()) + 1];
        stack.erase(place);
      }
      stack.insert(stack.begin(), page);
    }
    std::uint64_t misses = references.pages.size();
    for (std::uint64_t capacity = 1; capacity <= references.page_count; ++capacity) {
      misses -= hits_at[capacity];
      ASSERT_EQ(Misses("lru", references, capacity), misses) << capacity << ", seed " << seed;
    }
    EXPECT_EQ(misses, references.page_count);
  }
}

TEST(Bound, NoPolicyMissesLessThanMin) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const References references = Random(seed);
    for (const std::uint64_t capacity : kCapacities) {
      const std::uint64_t bound = Misses("min", references, capacity);
      EXPECT_GT(bound, references.page_count - 1);
      for (const PolicyRow& row : Policies()) {
        EXPECT_GE(Misses(row.name, references, capacity), bound)
            << row.name << ", capacity " << capacity << ", seed " << seed;
      }
    }
  }
}

TEST(Bound, EnoughMemoryMissesOnlyOnFirstUse) {
  const References references = Random(3);
  for (const PolicyRow& row : Policies()) {
    EXPECT_EQ(Misses(row.name, references, references.page_count), references.page_count)
        << row.name;
  }
}

// MIN against all ways to choose victims, on strings short enough to try them all.
std::uint64_t FewestMisses(const std::vector<PageId>& pages, std::size_t at,
                           std::vector<PageId>& resident, std::size_t capacity) {
  if (at == pages.size()) return 0;
  if (std::find(resident.begin(), resident.end(), pages[at]) != resident.end()) {
    return FewestMisses(pages, at + 1, resident, capacity);
  }
  if (resident.size() < capacity) {
    resident.push_back(pages[at]);
    const std::uint64_t misses = 1 + FewestMisses(pages, at + 1, resident, capacity);
    resident.pop_back();
    return misses;
  }
  std::uint64_t fewest = pages.size();
  for (PageId& slot : resident) {
    const PageId victim = std::exchange(slot, pages[at]);
    fewest = std::min(fewest, 1 + FewestMisses(pages, at + 1, resident, capacity));
    slot = victim;
  }
  return fewest;
}

TEST(Bound, MinIsAsGoodAsTheBestOfAllChoices) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Rng rng(seed);
    std::vector<PageId> pages;
    for (int i = 0; i < 14; ++i) pages.push_back(static_cast<PageId>(rng.Below(5)));
    pages.push_back(4);
    std::vector<PageId> resident;
    const std::uint64_t fewest = FewestMisses(pages, 0, resident, 3);
    EXPECT_EQ(Misses("min", Of(pages), 3), fewest) << "seed " << seed;
  }
}

TEST(Example, BeladysAnomaly) {
  const References string = Of({1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5});
  EXPECT_EQ(Misses("fifo", string, 3), 9u);
  EXPECT_EQ(Misses("fifo", string, 4), 10u);
  EXPECT_EQ(Misses("lru", string, 3), 10u);
  EXPECT_EQ(Misses("min", string, 3), 7u);
}

TEST(Example, ACyclicScanOfOnePageTooMany) {
  constexpr std::uint64_t kCapacity = 100;
  constexpr std::uint64_t kTurns = 50;
  std::vector<PageId> pages;
  for (std::uint64_t i = 0; i < kTurns * (kCapacity + 1); ++i) {
    pages.push_back(static_cast<PageId>(i % (kCapacity + 1)));
  }
  const References scan = Of(pages);
  for (const std::string_view policy : {"lru", "fifo", "clock"}) {
    EXPECT_EQ(Misses(policy, scan, kCapacity), pages.size()) << policy;
  }
  // About one miss in a hundred after the first turn.
  EXPECT_LT(Misses("min", scan, kCapacity), kCapacity + kTurns + 5);
  EXPECT_LT(Misses("lirs", scan, kCapacity), kCapacity + 3 * kTurns);
}

TEST(Example, ClockGivesASecondChance) {
  // 1 is referenced, so 2 goes for 4; then the hand is at 3.
  EXPECT_THAT(Victims("clock", Of({1, 2, 3, 1, 4, 5}), 3),
              ElementsAre(kNoPage, kNoPage, kNoPage, 2, 3));
}

TEST(Example, SieveKeepsTheHandWhereItWas) {
  // 4 evicts 2 (1 was visited); the hand is at 3, so 5 evicts 3, then 6 evicts 4.
  EXPECT_THAT(Victims("sieve", Of({1, 2, 3, 1, 4, 5, 6}), 3),
              ElementsAre(kNoPage, kNoPage, kNoPage, 2, 3, 4));
}

TEST(Example, LfuBreaksTiesByWhoGotThereFirst) {
  // Counts before 5: 1 and 2 twice (2 reached two first), 3 and 4 once (3 came first).
  EXPECT_THAT(Victims("lfu", Of({1, 2, 3, 4, 2, 1, 5, 5, 5, 6, 6, 6, 7}), 4),
              ElementsAre(kNoPage, kNoPage, kNoPage, kNoPage, 3, 4, 2));
}

TEST(Example, TwoQForgetsMainVictimsAndPromotesGhosts) {
  // C = 4, A1in over 1 page gives. 1 leaves to A1out, comes back into Am and survives the rest.
  EXPECT_THAT(Victims("twoq", Of({1, 2, 3, 4, 5, 1, 6, 7, 8}), 4),
              ElementsAre(kNoPage, kNoPage, kNoPage, kNoPage, 1, 2, 3, 4, 5));
}

TEST(Example, ArcPrefersPagesSeenTwice) {
  // 1 and 2 were seen twice; a scan of new pages replaces only pages seen once.
  EXPECT_THAT(Victims("arc", Of({1, 2, 1, 2, 3, 4, 5, 6, 7}), 4),
              ElementsAre(kNoPage, kNoPage, kNoPage, kNoPage, 3, 4, 5));
}

TEST(Example, LruKLetsPagesSeenOnceGoFirst) {
  EXPECT_THAT(Victims("lru-k", Of({1, 1, 2, 2, 3, 4, 5, 3, 6}), 3),
              ElementsAre(kNoPage, kNoPage, kNoPage, 3, 4, 5, 1));
}

// The papers' example (Jiang and Zhang, section 3): A B C D with A and B the LIR set, one HIR
// frame.
TEST(Example, LirsKeepsPagesWithShortDistances) {
  // C = 3: 0 and 1 become LIR, 2 is HIR. 3 evicts 2; 2 is a ghost in S, so its return makes it LIR
  // and demotes 0, the bottom of S, which then is the next victim.
  EXPECT_THAT(Victims("lirs", Of({0, 1, 2, 3, 2, 4}), 3),
              ElementsAre(kNoPage, kNoPage, kNoPage, 2, 3, 0));
}

TEST(Example, S3FifoSparesPagesUsedTwiceInTheSmallQueue) {
  // C = 10: 0 is used three times before the queue is full; the second-oldest page goes first.
  std::vector<PageId> pages = {0, 0, 0};
  for (PageId page = 1; page < 12; ++page) pages.push_back(page);
  EXPECT_EQ(Victims("s3fifo", Of(pages), 10).back(), 2u);
  // 1 is now a ghost; its return enters the main queue.
  pages.push_back(1);
  pages.push_back(12);
  EXPECT_EQ(Victims("s3fifo", Of(pages), 10).back(), 4u);
}

TEST(Determinism, SameSeedSameVictimsAndOtherSeedOthers) {
  const References references = Random(1);
  for (const PolicyRow& row : Policies()) {
    EXPECT_EQ(Victims(row.name, references, 30), Victims(row.name, references, 30)) << row.name;
  }
  EXPECT_NE(Misses("random", references, 30, 1), Misses("random", references, 30, 2));
}

// One call per batch or one per reference: the same policy.
TEST(Determinism, BatchesChangeNothing) {
  const References references = Random(2);
  for (const PolicyRow& row : Policies()) {
    const std::uint64_t misses = Victims(row.name, references, 30).size();
    EXPECT_EQ(Misses(row.name, references, 30), misses) << row.name;
  }
}

// Random and FIFO expect the same misses when references are independent (Gelenbe 1973).
TEST(Random, ExpectsTheMissesOfFifoOnIndependentReferences) {
  Rng rng(11);
  References references;
  references.page_count = 1000;
  for (int i = 0; i < 400000; ++i) {
    references.pages.push_back(
        static_cast<PageId>(std::min({rng.Below(1000), rng.Below(1000), rng.Below(1000)})));
  }
  const double fifo = static_cast<double>(Misses("fifo", references, 200));
  const double random = static_cast<double>(Misses("random", references, 200));
  EXPECT_NEAR(random / fifo, 1.0, 0.01);
}

}  // namespace
}  // namespace uffdsim::testing
