// CAR: ARC's two lists and ghosts, with clocks for lists, so that a hit only sets a bit.
//
// Mirrors: Bansal and Modha, "CAR: Clock with Adaptive Replacement", FAST 2004. The target adapts
// after the sweep, by the sizes found then. The directory is trimmed after the insertion, as in
// arc.cc.
#include <algorithm>

#include "model/base/lazy_array.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_lists.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class CarCore : public PolicyCoreDefaults {
 public:
  explicit CarCore(const PolicySetting& setting)
      : pages_(setting.page_count, 4), state_(setting.page_count), capacity_(setting.capacity) {}

  bool Resident(PageId page) const {
    const std::uint8_t list = ListOf(page);
    return list == kT1 || list == kT2;
  }
  void Prefetch(PageId page) const { __builtin_prefetch(state_.data() + page, 1); }
  void Hit(PageId page) { state_[page] |= kReferenced; }

  PageId Evict(PageId) {
    for (;;) {
      const bool first =
          Size(kT2) == 0 || (Size(kT1) > 0 && Size(kT1) >= std::max<std::uint64_t>(1, target_));
      const std::uint8_t clock = first ? kT1 : kT2;
      const PageId page = pages_.Back(clock - 1u);
      const bool referenced = (state_[page] & kReferenced) != 0;
      Move(page, referenced ? kT2 : clock == kT1 ? kB1 : kB2);
      if (!referenced) return page;
    }
  }

  void Insert(PageId page) {
    const std::uint64_t b1 = Size(kB1);
    const std::uint64_t b2 = Size(kB2);
    switch (ListOf(page)) {
      case kB1:
        target_ = std::min(capacity_, target_ + std::max<std::uint64_t>(1, b2 / b1));
        Move(page, kT2);
        break;
      case kB2:
        target_ -= std::min(target_, std::max<std::uint64_t>(1, b1 / b2));
        Move(page, kT2);
        break;
      default: Link(kT1, page);
    }
    while (Size(kT1) + Size(kB1) > capacity_ && Size(kB1) > 0) Unlink(pages_.Back(kB1 - 1));
    while (Size(kT1) + Size(kB1) + Size(kT2) + Size(kB2) > 2 * capacity_ && Size(kB2) > 0) {
      Unlink(pages_.Back(kB2 - 1));
    }
  }

  void Remove(PageId page) { Unlink(page); }
  std::uint64_t Bytes() const { return pages_.Bytes() + state_.size(); }

 private:
  // The list a page is in; its number in pages_ is one less.
  static constexpr std::uint8_t kT1 = 1;
  static constexpr std::uint8_t kT2 = 2;
  static constexpr std::uint8_t kB1 = 3;
  static constexpr std::uint8_t kB2 = 4;
  static constexpr std::uint8_t kListMask = 7;
  static constexpr std::uint8_t kReferenced = 8;

  std::uint8_t ListOf(PageId page) const { return state_[page] & kListMask; }
  std::uint64_t Size(std::uint8_t list) const { return pages_.Size(list - 1u); }
  void Link(std::uint8_t list, PageId page) {
    pages_.PushFront(list - 1u, page);
    state_[page] = list;
  }
  void Unlink(PageId page) {
    pages_.Remove(ListOf(page) - 1u, page);
    state_[page] = 0;
  }
  void Move(PageId page, std::uint8_t list) {
    Unlink(page);
    Link(list, page);
  }

  PageLists pages_;
  LazyArray<std::uint8_t> state_;
  std::uint64_t capacity_;
  std::uint64_t target_ = 0;  // of |T1|, called p in the paper
};

}  // namespace

std::unique_ptr<Policy> MakeCarPolicy(const PolicySetting& setting) {
  return MakePolicyOf<CarCore>(setting);
}

}  // namespace uffdsim
