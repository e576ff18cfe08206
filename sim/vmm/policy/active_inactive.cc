// Linux's active and inactive lists, with refault distances: what the kernel does without MGLRU.
//
// Mirrors: mm/vmscan.c (shrink_active_list, folio_check_references, inactive_is_low) and
// mm/workingset.c, for anonymous memory alone. New pages enter the inactive list with their bit
// set by the fault. At the inactive tail a page seen accessed once rotates, twice is activated, not
// at all is evicted. A page that refaults within the size of the active list is activated at once.
#include <cmath>

#include "model/base/lazy_array.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_lists.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class ActiveInactiveCore : public PolicyCoreDefaults {
 public:
  explicit ActiveInactiveCore(const PolicySetting& setting)
      : pages_(setting.page_count, 2),
        state_(setting.page_count),
        shadow_(setting.page_count),
        batch_(static_cast<std::uint64_t>(setting.parameters[0])) {}

  bool Resident(PageId page) const { return state_[page] != 0; }
  void Prefetch(PageId page) const { __builtin_prefetch(state_.data() + page, 1); }
  void Hit(PageId page) { state_[page] |= kAccessed; }

  void Insert(PageId page) {
    const bool soon = shadow_[page] != 0 && clock_ - shadow_[page] <= Size(kActive);
    state_[page] = kAccessed;
    pages_.PushFront(soon ? kActive : kInactive, page);
    if (soon) {
      state_[page] |= kOnActive;
      AdvanceClock();
    }
    shadow_[page] = 0;
  }

  PageId Evict(PageId) {
    for (;;) {
      if (InactiveIsLow()) Deactivate();
      const PageId page = pages_.Back(kInactive);
      std::uint8_t& state = state_[page];
      if ((state & kAccessedBit) == 0) {
        Remove(page);
        shadow_[page] = clock_;
        AdvanceClock();
        return page;
      }
      const bool again = (state & kReferenced) != 0;
      pages_.Remove(kInactive, page);
      pages_.PushFront(again ? kActive : kInactive, page);
      state = again ? kPresent | kOnActive : kPresent | kReferenced;
      if (again) AdvanceClock();
    }
  }

  void Remove(PageId page) {
    pages_.Remove((state_[page] & kOnActive) != 0 ? kActive : kInactive, page);
    state_[page] = 0;
  }

  std::uint64_t Bytes() const {
    return pages_.Bytes() + state_.size() + shadow_.size() * sizeof(std::uint32_t);
  }

 private:
  static constexpr PageLists::List kInactive = 0;
  static constexpr PageLists::List kActive = 1;
  static constexpr std::uint8_t kPresent = 1;
  static constexpr std::uint8_t kAccessedBit = 2;
  static constexpr std::uint8_t kAccessed = kPresent | kAccessedBit;
  static constexpr std::uint8_t kReferenced = 4;  // PG_referenced: seen accessed once
  static constexpr std::uint8_t kOnActive = 8;

  std::uint64_t Size(PageLists::List list) const { return pages_.Size(list); }

  // Evictions and activations since the start: the time in which refault distances are measured.
  void AdvanceClock() {
    if (++clock_ == 0) clock_ = 1;  // 0 in a shadow means "none"
  }

  bool InactiveIsLow() const {
    const std::uint64_t inactive = Size(kInactive);
    const std::uint64_t active = Size(kActive);
    if (inactive == 0) return true;
    constexpr int kPagesPerGiB = 18;  // as a power of two, of 4 KiB pages
    const std::uint64_t gib = (inactive + active) >> kPagesPerGiB;
    const double ratio = gib == 0 ? 1 : std::floor(std::sqrt(10.0 * static_cast<double>(gib)));
    return static_cast<double>(inactive) * ratio < static_cast<double>(active);
  }

  // A batch of the oldest active pages goes back, without a second chance.
  void Deactivate() {
    for (std::uint64_t i = 0; i < batch_ && Size(kActive) > 0; ++i) {
      const PageId page = pages_.PopBack(kActive);
      pages_.PushFront(kInactive, page);
      state_[page] = kPresent;
    }
  }

  PageLists pages_;
  LazyArray<std::uint8_t> state_;
  LazyArray<std::uint32_t> shadow_;  // the clock at eviction, or 0
  std::uint64_t batch_;
  std::uint32_t clock_ = 1;
};

}  // namespace

std::unique_ptr<Policy> MakeActiveInactivePolicy(const PolicySetting& setting) {
  return MakePolicyOf<ActiveInactiveCore>(setting);
}

}  // namespace uffdsim
