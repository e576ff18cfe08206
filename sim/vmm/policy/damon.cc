// DAMON: find regions of like hotness by sampling one page of each; evict from those idle the
// longest.
//
// Mirrors: mm/damon of Linux 7.3 (Park et al., 2019 and 2022): each interval is one sampling,
// `samples` of them make an aggregation. At its end a region whose count moved by more than a tenth
// of the largest, or to or from zero, has age 0, others are older; like neighbours merge; then
// regions split at random points to be told apart again. Victims come from the regions with the
// fewest accesses, then the oldest, then by address; cold are idle regions of at least that age
// (DAMON_RECLAIM). A page's bit is cleared only when it becomes its region's sample, as in the
// kernel.
#include <algorithm>
#include <vector>

#include "model/base/lazy_array.h"
#include "model/base/rng.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class DamonCore : public PolicyCoreDefaults {
 public:
  explicit DamonCore(const PolicySetting& setting)
      : state_(setting.page_count),
        rng_(setting.seed),
        samples_(static_cast<std::uint32_t>(setting.parameters[0])),
        fewest_(static_cast<std::size_t>(setting.parameters[1])),
        most_(std::max(fewest_, static_cast<std::size_t>(setting.parameters[2]))),
        cold_(static_cast<std::uint32_t>(setting.parameters[3])) {
    const std::uint64_t pages = setting.page_count;
    for (std::uint64_t i = 0; i < fewest_; ++i) {
      const auto first = static_cast<PageId>(pages * i / fewest_);
      const auto end = static_cast<PageId>(pages * (i + 1) / fewest_);
      if (first < end) regions_.push_back({first, end, first, 0, 0, 0});
    }
    ChooseSamples();
    Rank();
  }

  bool Resident(PageId page) const { return state_[page] != kAbsent; }
  void Prefetch(PageId page) const { __builtin_prefetch(state_.data() + page, 1); }
  void Hit(PageId page) { state_[page] = kAccessed; }
  void Insert(PageId page) { state_[page] = kAccessed; }
  void Remove(PageId page) { state_[page] = kAbsent; }

  // The first resident page of the first region in rank that has one. Pages that came in behind the
  // cursor are found in the next turn.
  PageId Evict(PageId) {
    while (!AtVictim()) StartTurn();
    return TakeVictim();
  }

  PageId EvictCold() {
    if (!AtVictim()) StartTurn();
    if (!AtVictim()) return kNoPage;
    const Region& region = regions_[rank_[rank_at_]];
    return region.last_accesses == 0 && region.age >= cold_ ? TakeVictim() : kNoPage;
  }

  // The samples were chosen, and their bits cleared, one interval ago.
  void Tick() {
    for (Region& region : regions_) {
      if (state_[region.sample] == kAccessed) ++region.accesses;
    }
    if (++sampled_ == samples_) {
      sampled_ = 0;
      Aggregate();
    }
    ChooseSamples();
  }

  std::uint64_t Bytes() const {
    return state_.size() + regions_.capacity() * sizeof(Region) +
           rank_.capacity() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::uint8_t kAbsent = 0;
  static constexpr std::uint8_t kIdle = 1;
  static constexpr std::uint8_t kAccessed = 2;

  struct Region {
    PageId first = 0;
    PageId end = 0;  // exclusive
    PageId sample = 0;
    std::uint32_t accesses = 0;       // samples found accessed in this aggregation
    std::uint32_t last_accesses = 0;  // in the one before
    std::uint32_t age = 0;            // aggregations without a change
  };

  static std::uint32_t Difference(std::uint32_t a, std::uint32_t b) {
    return a > b ? a - b : b - a;
  }

  void ChooseSamples() {
    for (Region& region : regions_) {
      region.sample = region.first + static_cast<PageId>(rng_.Below(region.end - region.first));
      if (state_[region.sample] == kAccessed) state_[region.sample] = kIdle;
    }
  }

  void Aggregate() {
    std::uint32_t largest = 0;
    for (const Region& region : regions_) largest = std::max(largest, region.accesses);
    const std::uint32_t threshold = largest / 10;
    for (Region& region : regions_) {
      const bool moved = Difference(region.accesses, region.last_accesses) > threshold ||
                         (region.accesses == 0) != (region.last_accesses == 0);
      region.age = moved ? 0 : region.age + 1;
    }
    Merge(threshold);
    for (std::uint32_t doubled = std::max(1u, threshold * 2);
         regions_.size() > most_ && doubled / 2 <= samples_; doubled *= 2) {
      Merge(doubled);
    }
    for (Region& region : regions_) {
      region.last_accesses = region.accesses;
      region.accesses = 0;
    }
    Split();
    Rank();
  }

  // Joins like neighbours, as long as no region outgrows its share of the pages.
  void Merge(std::uint32_t threshold) {
    const std::uint64_t largest_size = state_.size() / fewest_;
    std::size_t kept = 0;
    for (std::size_t i = 1; i < regions_.size(); ++i) {
      Region& left = regions_[kept];
      const Region& right = regions_[i];
      const bool joins = Difference(left.accesses, right.accesses) <= threshold &&
                         right.end - left.first <= largest_size;
      if (!joins) {
        regions_[++kept] = right;
        continue;
      }
      left.accesses = Mean(left, left.accesses, right, right.accesses);
      left.age = Mean(left, left.age, right, right.age);
      left.end = right.end;
    }
    regions_.resize(kept + 1);
  }

  // Weighted by size, in integers.
  static std::uint32_t Mean(const Region& a, std::uint64_t of_a, const Region& b,
                            std::uint64_t of_b) {
    const std::uint64_t size_a = a.end - a.first;
    const std::uint64_t size_b = b.end - b.first;
    return static_cast<std::uint32_t>((of_a * size_a + of_b * size_b) / (size_a + size_b));
  }

  // In two each, or in three when that changed nothing last time and there is room.
  void Split() {
    const std::size_t before = regions_.size();
    if (before > most_ / 2) {
      last_count_ = before;
      return;
    }
    const unsigned parts = before == last_count_ && before < most_ / 3 ? 3 : 2;
    last_count_ = before;
    std::vector<Region> split;
    for (Region region : regions_) {
      for (unsigned left = parts - 1; left > 0; --left) {
        const std::uint64_t size = region.end - region.first;
        const auto part = static_cast<PageId>(size * (1 + rng_.Below(9)) / 10);
        if (part == 0) break;
        Region head = region;
        head.end = region.first + part;
        split.push_back(head);
        region.first = head.end;
      }
      split.push_back(region);
    }
    regions_ = std::move(split);
  }

  // Sorts the regions into the order of eviction, which holds until the next aggregation.
  void Rank() {
    rank_.resize(regions_.size());
    for (std::uint32_t i = 0; i < rank_.size(); ++i) rank_[i] = i;
    std::stable_sort(rank_.begin(), rank_.end(), [this](std::uint32_t a, std::uint32_t b) {
      const Region& left = regions_[a];
      const Region& right = regions_[b];
      if (left.last_accesses != right.last_accesses) {
        return left.last_accesses < right.last_accesses;
      }
      return left.age > right.age;
    });
    StartTurn();
  }

  void StartTurn() {
    rank_at_ = 0;
    page_at_ = regions_[rank_[0]].first;
  }

  // Moves the cursor to the next resident page; false at the end of the turn.
  bool AtVictim() {
    for (;;) {
      const Region& region = regions_[rank_[rank_at_]];
      while (page_at_ < region.end && state_[page_at_] == kAbsent) ++page_at_;
      if (page_at_ < region.end) return true;
      if (rank_at_ + 1 == rank_.size()) return false;
      page_at_ = regions_[rank_[++rank_at_]].first;
    }
  }

  PageId TakeVictim() {
    Remove(page_at_);
    return page_at_++;
  }

  LazyArray<std::uint8_t> state_;
  std::vector<Region> regions_;  // in address order, covering all pages
  std::vector<std::uint32_t> rank_;
  std::size_t rank_at_ = 0;  // the cursor: a place in rank_ and a page in that region
  PageId page_at_ = 0;
  Rng rng_;
  std::uint32_t samples_;
  std::uint32_t sampled_ = 0;
  std::size_t fewest_;
  std::size_t most_;
  std::size_t last_count_ = 0;
  std::uint32_t cold_;
};

}  // namespace

std::unique_ptr<Policy> MakeDamonPolicy(const PolicySetting& setting) {
  return MakePolicyOf<DamonCore>(setting);
}

}  // namespace uffdsim
