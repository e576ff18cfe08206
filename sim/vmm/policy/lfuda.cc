// LFUDA: LFU in which the count of a newcomer starts at the level of the last victim.
//
// Mirrors: Arlitt et al., "Evaluating content management techniques for Web proxy caches", 2000:
// priority is age + references, the age being the priority of the last victim. libCacheSim's form,
// which adds the age at *every* hit instead of one, is the other rule. Ties in the order of getting
// there.
#include <compare>

#include "model/base/lazy_array.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_heap.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class LfudaCore : public PolicyCoreDefaults {
 public:
  explicit LfudaCore(const PolicySetting& setting)
      : pages_(setting.page_count),
        uses_(setting.page_count),
        paper_rule_(setting.parameters[0] == 0),
        ages_(setting.parameters[1] != 0) {}

  bool Resident(PageId page) const { return pages_.Contains(page); }
  void Prefetch(PageId page) const { pages_.Prefetch(page); }

  void Hit(PageId page) {
    if (paper_rule_) {
      pages_.Update(page, {age_ + ++uses_[page], ++order_});
      return;
    }
    const std::uint64_t old = pages_.KeyOf(page).priority;
    const std::uint64_t age = age_;
    pages_.Remove(page);
    // libCacheSim raises the age when the lowest priority empties, before the page is back.
    if (old == age) RaiseAge();
    pages_.Push(page, {old + age, ++order_});
  }

  void Insert(PageId page) {
    uses_[page] = 1;
    pages_.Push(page, {age_ + 1, ++order_});
  }

  PageId Evict(PageId) {
    if (ages_) age_ = pages_.TopKey().priority;
    const PageId victim = pages_.Pop();
    if (!paper_rule_) RaiseAge();
    return victim;
  }

  void Remove(PageId page) { pages_.Remove(page); }
  std::uint64_t Bytes() const { return pages_.Bytes() + uses_.size() * sizeof(std::uint32_t); }

 private:
  struct Key {
    std::uint64_t priority = 0;
    std::uint64_t order = 0;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  void RaiseAge() {
    if (ages_ && !pages_.Empty()) age_ = pages_.TopKey().priority;
  }

  PageHeap<Key> pages_;
  LazyArray<std::uint32_t> uses_;
  bool paper_rule_;
  bool ages_;
  std::uint64_t age_ = 0;
  std::uint64_t order_ = 0;
};

}  // namespace

std::unique_ptr<Policy> MakeLfudaPolicy(const PolicySetting& setting) {
  return MakePolicyOf<LfudaCore>(setting);
}

}  // namespace uffdsim
