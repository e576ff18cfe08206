// MIN: evict the page whose next use is furthest in the future. The bound for every other policy.
//
// Mirrors: Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
// Journal 1966. Needs PolicySetting::next_use of the whole reference string, so it works under
// demand paging only. Pages that are never used again are equal, and go in ascending page order.
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_heap.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class MinCore : public PolicyCoreDefaults {
 public:
  explicit MinCore(const PolicySetting& setting)
      : next_use_(setting.next_use), soonest_last_(setting.page_count) {}

  bool Resident(PageId page) const { return soonest_last_.Contains(page); }
  void Prefetch(PageId page) const { soonest_last_.Prefetch(page); }
  void Hit(PageId page) { soonest_last_.Update(page, NextKey(page)); }
  void Fault(PageId page) { incoming_key_ = NextKey(page); }
  void Insert(PageId page) { soonest_last_.Push(page, incoming_key_); }
  PageId Evict(PageId) { return soonest_last_.Pop(); }
  void Remove(PageId page) { soonest_last_.Remove(page); }
  std::uint64_t Bytes() const {
    return soonest_last_.Bytes() + next_use_.size() * sizeof(std::uint32_t);
  }

 private:
  // Smallest for the furthest next use, then by page number.
  std::uint64_t NextKey(PageId page) {
    UFFDSIM_CHECK(reference_ < next_use_.size());
    return std::uint64_t{~next_use_[reference_++]} << 32 | page;
  }

  std::span<const std::uint32_t> next_use_;
  PageHeap<std::uint64_t> soonest_last_;
  std::uint64_t reference_ = 0;
  std::uint64_t incoming_key_ = 0;
};

}  // namespace

std::unique_ptr<Policy> MakeMinPolicy(const PolicySetting& setting) {
  return MakePolicyOf<MinCore>(setting);
}

}  // namespace uffdsim
