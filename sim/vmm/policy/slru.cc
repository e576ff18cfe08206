// SLRU: segments of LRU lists; each hit lifts a page one segment, each overflow lowers one.
//
// Mirrors: Karedla, Love and Wherry, "Caching strategies to improve disk system performance", 1994,
// in the form of libCacheSim: equal segments, and a new page enters the lowest segment that has
// room.
#include "model/base/lazy_array.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_lists.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class SlruCore : public PolicyCoreDefaults {
 public:
  explicit SlruCore(const PolicySetting& setting)
      : pages_(setting.page_count, static_cast<unsigned>(setting.parameters[0])),
        place_(setting.page_count),
        segments_(static_cast<std::uint8_t>(setting.parameters[0])),
        most_(setting.capacity / segments_),
        fill_upper_(setting.parameters[1] == 0) {}

  bool Resident(PageId page) const { return place_[page] != 0; }
  void Prefetch(PageId page) const {
    __builtin_prefetch(place_.data() + page, 1);
    pages_.Prefetch(page);
  }

  void Hit(PageId page) {
    const unsigned segment = place_[page] - 1u;
    if (segment + 1 == segments_) {
      pages_.MoveToFront(segment, page);
      return;
    }
    Move(page, segment + 1);
    // What overflows goes down, at most to the lowest segment, which only evictions shrink.
    for (unsigned s = segment + 1; s > 0 && pages_.Size(s) > most_; --s) {
      Move(pages_.Back(s), s - 1);
    }
  }

  void Insert(PageId page) {
    unsigned segment = 0;
    while (fill_upper_ && segment < segments_ && pages_.Size(segment) >= most_) ++segment;
    if (segment == segments_) segment = 0;
    pages_.PushFront(segment, page);
    place_[page] = static_cast<std::uint8_t>(segment + 1);
  }

  PageId Evict(PageId) {
    unsigned segment = 0;
    while (pages_.Size(segment) == 0) ++segment;
    const PageId victim = pages_.Back(segment);
    Remove(victim);
    return victim;
  }

  void Remove(PageId page) {
    pages_.Remove(place_[page] - 1u, page);
    place_[page] = 0;
  }

  std::uint64_t Bytes() const { return pages_.Bytes() + place_.size(); }

 private:
  void Move(PageId page, unsigned segment) {
    pages_.Remove(place_[page] - 1u, page);
    pages_.PushFront(segment, page);
    place_[page] = static_cast<std::uint8_t>(segment + 1);
  }

  PageLists pages_;
  LazyArray<std::uint8_t> place_;  // segment + 1, or 0
  std::uint8_t segments_;
  std::uint64_t most_;  // pages in a segment
  bool fill_upper_;
};

}  // namespace

std::unique_ptr<Policy> MakeSlruPolicy(const PolicySetting& setting) {
  return MakePolicyOf<SlruCore>(setting);
}

}  // namespace uffdsim
