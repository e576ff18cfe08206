// Hyperbolic: evict, of a random sample, the page with the fewest references per time since it came
// in.
//
// Mirrors: Blankstein, Sen and Freedman, "Hyperbolic caching", USENIX ATC 2017. The sample is drawn
// with replacement, evenly over resident pages (libCacheSim's is not even, so its counts differ);
// fractions are compared exactly. Ties: the page drawn first.
#include <vector>

#include "model/base/lazy_array.h"
#include "model/base/rng.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class HyperbolicCore : public PolicyCoreDefaults {
 public:
  explicit HyperbolicCore(const PolicySetting& setting)
      : place_(setting.page_count),
        sample_(static_cast<unsigned>(setting.parameters[0])),
        rng_(setting.seed) {}

  bool Resident(PageId page) const { return place_[page] != 0; }
  void Prefetch(PageId page) const { __builtin_prefetch(place_.data() + page, 1); }
  void Hit(PageId page) {
    ++now_;
    ++resident_[place_[page] - 1].references;
  }
  void Fault(PageId) { ++now_; }

  void Insert(PageId page) {
    resident_.push_back({now_, 1, page});
    place_[page] = static_cast<std::uint32_t>(resident_.size());
  }

  PageId Evict(PageId) {
    Entry worst = resident_[rng_.Below(resident_.size())];
    for (unsigned i = 1; i < sample_; ++i) {
      const Entry& other = resident_[rng_.Below(resident_.size())];
      if (Less(other, worst)) worst = other;
    }
    Remove(worst.page);
    return worst.page;
  }

  // The last page takes the place of the one that leaves.
  void Remove(PageId page) {
    const Entry last = resident_.back();
    resident_[place_[page] - 1] = last;
    place_[last.page] = place_[page];
    place_[page] = 0;
    resident_.pop_back();
  }

  std::uint64_t Bytes() const {
    return place_.size() * sizeof(std::uint32_t) + resident_.capacity() * sizeof(Entry);
  }

 private:
  struct Entry {
    std::uint64_t loaded = 0;
    std::uint32_t references = 0;
    PageId page = kNoPage;
  };

  // references / age, an age of 0 counting as 1.
  bool Less(const Entry& a, const Entry& b) const {
    const std::uint64_t age_a = std::max<std::uint64_t>(1, now_ - a.loaded);
    const std::uint64_t age_b = std::max<std::uint64_t>(1, now_ - b.loaded);
    return Wide{a.references} * age_b < Wide{b.references} * age_a;
  }
  __extension__ using Wide = unsigned __int128;  // not ISO C++, but in both compilers

  LazyArray<std::uint32_t> place_;  // index in resident_ plus one, or 0
  std::vector<Entry> resident_;
  unsigned sample_;
  Rng rng_;
  std::uint64_t now_ = 0;  // references
};

}  // namespace

std::unique_ptr<Policy> MakeHyperbolicPolicy(const PolicySetting& setting) {
  return MakePolicyOf<HyperbolicCore>(setting);
}

}  // namespace uffdsim
