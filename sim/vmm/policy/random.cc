// Random: evict any resident page, each with the same chance.
//
// Mirrors: Belady 1966. It expects the misses of FIFO when references are independent (Gelenbe
// 1973).
#include <vector>

#include "model/base/lazy_array.h"
#include "model/base/rng.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class RandomCore : public PolicyCoreDefaults {
 public:
  explicit RandomCore(const PolicySetting& setting)
      : place_(setting.page_count), rng_(setting.seed) {}

  bool Resident(PageId page) const { return place_[page] != 0; }
  void Prefetch(PageId page) const { __builtin_prefetch(place_.data() + page, 1); }
  void Hit(PageId) {}

  void Insert(PageId page) {
    resident_.push_back(page);
    place_[page] = static_cast<std::uint32_t>(resident_.size());
  }

  PageId Evict(PageId) {
    const PageId victim = resident_[rng_.Below(resident_.size())];
    Remove(victim);
    return victim;
  }

  // The last page takes the place of the one that leaves.
  void Remove(PageId page) {
    const PageId last = resident_.back();
    resident_[place_[page] - 1] = last;
    place_[last] = place_[page];
    place_[page] = 0;
    resident_.pop_back();
  }

  std::uint64_t Bytes() const {
    return (place_.size() + resident_.capacity()) * sizeof(std::uint32_t);
  }

 private:
  LazyArray<std::uint32_t> place_;  // index in resident_ plus one, or 0
  std::vector<PageId> resident_;
  Rng rng_;
};

}  // namespace

std::unique_ptr<Policy> MakeRandomPolicy(const PolicySetting& setting) {
  return MakePolicyOf<RandomCore>(setting);
}

}  // namespace uffdsim
