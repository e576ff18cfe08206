// LRU: evict the page whose last reference is oldest.
//
// Mirrors: Mattson et al., "Evaluation techniques for storage hierarchies" (1970). Fed by scans it
// orders pages by the last interval they were seen in, and by page number inside an interval.
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_lists.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class LruCore : public PolicyCoreDefaults {
 public:
  explicit LruCore(const PolicySetting& setting) : pages_(setting.page_count, 1) {}

  bool Resident(PageId page) const { return pages_.Linked(page); }
  void Prefetch(PageId page) const { pages_.Prefetch(page); }
  void Hit(PageId page) { pages_.MoveToFront(kRecency, page); }
  void Insert(PageId page) { pages_.PushFront(kRecency, page); }
  PageId Evict(PageId) { return pages_.PopBack(kRecency); }
  void Remove(PageId page) { pages_.Remove(kRecency, page); }
  std::uint64_t Bytes() const { return pages_.Bytes(); }

 private:
  static constexpr PageLists::List kRecency = 0;
  PageLists pages_;
};

}  // namespace

std::unique_ptr<Policy> MakeLruPolicy(const PolicySetting& setting) {
  return MakePolicyOf<LruCore>(setting);
}

}  // namespace uffdsim
