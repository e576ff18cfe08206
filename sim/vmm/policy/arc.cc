// ARC: a list of pages seen once and one of pages seen more often, whose sizes adapt to ghost hits.
//
// Mirrors: Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003, with
// a real-valued target as in libCacheSim. The directory (T1, B1, T2, B2) is trimmed after the
// insertion instead of before the replacement, which drops the same ghosts.
#include <algorithm>

#include "model/base/lazy_array.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_lists.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class ArcCore : public PolicyCoreDefaults {
 public:
  explicit ArcCore(const PolicySetting& setting)
      : pages_(setting.page_count, 4), list_(setting.page_count), capacity_(setting.capacity) {}

  bool Resident(PageId page) const { return list_[page] == kT1 || list_[page] == kT2; }
  void Prefetch(PageId page) const {
    __builtin_prefetch(list_.data() + page, 1);
    pages_.Prefetch(page);
  }

  void Hit(PageId page) {
    if (list_[page] == kT2) {
      pages_.MoveToFront(kT2 - 1, page);
    } else {
      Move(page, kT2);
    }
  }

  // A ghost hit moves the target towards the list that the ghost came from.
  void Fault(PageId page) {
    const double b1 = static_cast<double>(Size(kB1));
    const double b2 = static_cast<double>(Size(kB2));
    if (list_[page] == kB1) {
      target_ = std::min(static_cast<double>(capacity_), target_ + std::max(1.0, b2 / b1));
    } else if (list_[page] == kB2) {
      target_ = std::max(0.0, target_ - std::max(1.0, b1 / b2));
    }
  }

  PageId Evict(PageId incoming) {
    const double t1 = static_cast<double>(Size(kT1));
    const bool from_b2 = incoming != kNoPage && list_[incoming] == kB2;
    const bool prefer_t1 = t1 > 0 && (t1 > target_ || (from_b2 && t1 == target_));
    const std::uint8_t from = prefer_t1 || Size(kT2) == 0 ? kT1 : kT2;
    const PageId victim = pages_.Back(from - 1u);
    Move(victim, from == kT1 ? kB1 : kB2);
    return victim;
  }

  void Insert(PageId page) {
    if (list_[page] == kNone) {
      Link(kT1, page);
    } else {
      Move(page, kT2);
    }
    while (Size(kT1) + Size(kB1) > capacity_ && Size(kB1) > 0) Unlink(pages_.Back(kB1 - 1));
    while (Size(kT1) + Size(kB1) + Size(kT2) + Size(kB2) > 2 * capacity_ && Size(kB2) > 0) {
      Unlink(pages_.Back(kB2 - 1));
    }
  }

  void Remove(PageId page) { Unlink(page); }
  std::uint64_t Bytes() const { return pages_.Bytes() + list_.size(); }

 private:
  // The list a page is in; its number in pages_ is one less.
  static constexpr std::uint8_t kNone = 0;
  static constexpr std::uint8_t kT1 = 1;  // resident, seen once since it came in
  static constexpr std::uint8_t kT2 = 2;  // resident, seen again
  static constexpr std::uint8_t kB1 = 3;  // ghosts of T1
  static constexpr std::uint8_t kB2 = 4;  // ghosts of T2

  std::uint64_t Size(std::uint8_t list) const { return pages_.Size(list - 1u); }
  void Link(std::uint8_t list, PageId page) {
    pages_.PushFront(list - 1u, page);
    list_[page] = list;
  }
  void Unlink(PageId page) {
    pages_.Remove(list_[page] - 1u, page);
    list_[page] = kNone;
  }
  void Move(PageId page, std::uint8_t list) {
    Unlink(page);
    Link(list, page);
  }

  PageLists pages_;
  LazyArray<std::uint8_t> list_;
  std::uint64_t capacity_;
  double target_ = 0;  // of |T1|, called p in the paper
};

}  // namespace

std::unique_ptr<Policy> MakeArcPolicy(const PolicySetting& setting) {
  return MakePolicyOf<ArcCore>(setting);
}

}  // namespace uffdsim
