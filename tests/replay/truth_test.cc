// Is the truth true? Working sets, refault distances and shadows against a naive record of
// everything.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "model/base/rng.h"
#include "sim/replay/histogram.h"
#include "sim/replay/truth.h"

namespace uffdsim {
namespace {

// Remembers every touch and every eviction.
class Naive {
 public:
  void Touch(std::uint32_t page) { touched_[interval_].insert(page); }
  void Evict(std::uint32_t page) { evicted_[page] = {interval_, evictions_++}; }
  bool Evicted(std::uint32_t page) const { return evicted_.count(page) != 0; }
  std::pair<std::uint64_t, std::uint64_t> ComeBack(std::uint32_t page) {
    const auto [interval, number] = evicted_.at(page);
    evicted_.erase(page);
    return {evictions_ - number - 1, interval_ - interval};
  }
  std::uint64_t WorkingSet(unsigned window) const {
    std::set<std::uint32_t> all;
    for (std::uint64_t back = 0; back < window && back <= interval_; ++back) {
      const auto it = touched_.find(interval_ - back);
      if (it != touched_.end()) all.insert(it->second.begin(), it->second.end());
    }
    return all.size();
  }
  void NextInterval() { ++interval_; }
  std::uint64_t Footprint() const {
    std::set<std::uint32_t> all;
    for (const auto& [interval, pages] : touched_) all.insert(pages.begin(), pages.end());
    return all.size();
  }

 private:
  std::uint64_t interval_ = 0;
  std::uint64_t evictions_ = 0;
  std::map<std::uint64_t, std::set<std::uint32_t>> touched_;
  std::map<std::uint32_t, std::pair<std::uint64_t, std::uint64_t>> evicted_;
};

void RunAgainstNaive(std::uint64_t seed, std::uint64_t guest_pages, bool exact) {
  SCOPED_TRACE(seed);
  constexpr std::uint32_t kPages = 300;
  Truth truth(guest_pages);
  Naive naive;
  Rng rng(seed);
  std::vector<Truth::Cookie> cookie(kPages);
  std::vector<bool> resident(kPages, true);
  std::uint64_t refaults = 0;
  for (int i = 0; i < 60000; ++i) {
    const auto page = static_cast<std::uint32_t>(rng.Below(rng.Below(kPages) + 1));
    if (rng.Below(200) == 0) {
      for (const unsigned window : Truth::kWindows) {
        ASSERT_EQ(truth.WorkingSet(window), naive.WorkingSet(window)) << window;
      }
      truth.NextInterval();
      naive.NextInterval();
    } else if (rng.Below(8) == 0) {
      if (!resident[page] || cookie[page] == Truth::kNeverTouched) continue;
      cookie[page] = truth.Evict(cookie[page]);
      naive.Evict(page);
      resident[page] = false;
    } else {
      if (!resident[page]) {
        const Truth::Refault back = truth.ComeBack(cookie[page]);
        ASSERT_TRUE(back.refault);
        const auto [distance, intervals] = naive.ComeBack(page);
        if (exact) {
          ASSERT_EQ(back.distance, distance);
        }
        ASSERT_EQ(back.intervals, intervals);
        cookie[page] = back.last;
        resident[page] = true;
        ++refaults;
      }
      if (cookie[page] != truth.interval()) {
        truth.FirstTouch(cookie[page]);
        cookie[page] = truth.interval();
      }
      naive.Touch(page);
    }
  }
  EXPECT_GT(refaults, 1000);
  EXPECT_EQ(truth.footprint(), naive.Footprint());
}

TEST(Truth, MatchesANaiveRecord) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) RunAgainstNaive(seed, 4096, true);
}

// Above 2^18 pages the clock counts in units; intervals and working sets stay exact.
TEST(Truth, LargeGuestsKeepIntervalsExact) {
  EXPECT_EQ(Truth(1 << 18).clock_unit(), 1);
  EXPECT_EQ(Truth(1 << 24).clock_unit(), 64);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) RunAgainstNaive(seed, 1 << 24, false);
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram h;
  for (std::uint64_t v = 1; v <= 500; ++v) h.Add(v);
  EXPECT_EQ(h.count(), 500);
  EXPECT_EQ(h.sum(), 125250);
  EXPECT_EQ(h.Percentile(500), 250);
  EXPECT_EQ(h.Percentile(990), 495);
  EXPECT_EQ(h.Percentile(1000), 500);
  EXPECT_EQ(h.max(), 500);
}

TEST(Histogram, LargeValuesAreCloseAndNeverTooSmall) {
  Rng rng(7);
  for (int round = 0; round < 20; ++round) {
    Histogram h;
    std::multiset<std::uint64_t> all;
    for (int i = 0; i < 999; ++i) {
      const std::uint64_t value = rng.Next() >> rng.Below(63);
      h.Add(value);
      all.insert(value);
    }
    for (const std::uint64_t permille : {1ULL, 500ULL, 990ULL, 1000ULL}) {
      const std::uint64_t truth =
          *std::next(all.begin(), static_cast<long>((999 * permille + 999) / 1000 - 1));
      const std::uint64_t seen = h.Percentile(permille);
      EXPECT_GE(seen, truth);
      EXPECT_LE(seen - truth, truth / 256 + 1) << truth;
    }
  }
}

TEST(Histogram, EmptyIsZero) {
  EXPECT_EQ(Histogram().Percentile(500), 0);
  EXPECT_EQ(Histogram().max(), 0);
}

}  // namespace
}  // namespace uffdsim
