// LRU-K: evict the page whose K-th last reference is oldest.
//
// Mirrors: O'Neil, O'Neil and Weikum, "The LRU-K page replacement algorithm for database disk
// buffering", SIGMOD 1993, without correlated references (each reference counts). Pages with fewer
// than K references go first, the least recently used of them first. Evicted pages keep their times
// for `retained` references after the last one, without which K = 2 is little more than LRU.
#include <algorithm>
#include <compare>

#include "model/base/lazy_array.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_heap.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class LruKCore : public PolicyCoreDefaults {
 public:
  explicit LruKCore(const PolicySetting& setting)
      : k_(static_cast<std::size_t>(setting.parameters[0])),
        retained_(static_cast<std::uint64_t>(setting.parameters[1])),
        pages_(setting.page_count),
        times_(std::size_t{setting.page_count} * k_) {}

  bool Resident(PageId page) const { return pages_.Contains(page); }
  void Prefetch(PageId page) const {
    pages_.Prefetch(page);
    __builtin_prefetch(times_.data() + page * k_, 1);
  }
  void Hit(PageId page) { pages_.Update(page, Reference(page)); }

  void Insert(PageId page) {
    std::uint64_t* const times = times_.data() + page * k_;
    if (retained_ != 0 && times[0] != 0 && now_ - times[0] > retained_) std::fill_n(times, k_, 0);
    pages_.Push(page, Reference(page));
  }

  PageId Evict(PageId) { return pages_.Pop(); }

  void Remove(PageId page) {
    pages_.Remove(page);
    std::fill_n(times_.data() + page * k_, k_, 0);
  }

  std::uint64_t Bytes() const { return pages_.Bytes() + times_.size() * sizeof(std::uint64_t); }

 private:
  struct Key {
    std::uint64_t kth = 0;  // 0: fewer than K references
    std::uint64_t last = 0;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  // Notes a reference now: times are the last K, newest first.
  Key Reference(PageId page) {
    std::uint64_t* const times = times_.data() + page * k_;
    std::copy_backward(times, times + k_ - 1, times + k_);
    times[0] = ++now_;
    return {times[k_ - 1], times[0]};
  }

  std::size_t k_;
  std::uint64_t retained_;
  PageHeap<Key> pages_;
  LazyArray<std::uint64_t> times_;
  std::uint64_t now_ = 0;
};

}  // namespace

std::unique_ptr<Policy> MakeLruKPolicy(const PolicySetting& setting) {
  return MakePolicyOf<LruKCore>(setting);
}

}  // namespace uffdsim
