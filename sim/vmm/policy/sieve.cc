// SIEVE: one queue, one bit per page, and a hand that moves from old to new.
//
// Mirrors: Zhang et al., "SIEVE is simpler than LRU", NSDI 2024. Survivors keep their place (CLOCK
// moves them), and the hand stays where the last victim was, so new pages meet it late.
#include "model/base/lazy_array.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_lists.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class SieveCore : public PolicyCoreDefaults {
 public:
  explicit SieveCore(const PolicySetting& setting)
      : queue_(setting.page_count, 1), state_(setting.page_count) {}

  bool Resident(PageId page) const { return state_[page] != kAbsent; }
  void Prefetch(PageId page) const { __builtin_prefetch(state_.data() + page, 1); }
  void Hit(PageId page) { state_[page] = kVisited; }

  void Insert(PageId page) {
    state_[page] = kUnvisited;
    queue_.PushFront(kQueue, page);
  }

  PageId Evict(PageId) {
    PageId page = hand_ == kNoPage ? queue_.Back(kQueue) : hand_;
    while (state_[page] == kVisited) {
      state_[page] = kUnvisited;
      page = queue_.Newer(page);
      if (page == kNoPage) page = queue_.Back(kQueue);
    }
    hand_ = page;
    Remove(page);
    return page;
  }

  void Remove(PageId page) {
    if (page == hand_) hand_ = queue_.Newer(page);
    state_[page] = kAbsent;
    queue_.Remove(kQueue, page);
  }

  std::uint64_t Bytes() const { return queue_.Bytes() + state_.size(); }

 private:
  static constexpr PageLists::List kQueue = 0;
  static constexpr std::uint8_t kAbsent = 0;
  static constexpr std::uint8_t kUnvisited = 1;
  static constexpr std::uint8_t kVisited = 2;

  PageLists queue_;
  LazyArray<std::uint8_t> state_;
  PageId hand_ = kNoPage;  // the next page to look at; none: the oldest
};

}  // namespace

std::unique_ptr<Policy> MakeSievePolicy(const PolicySetting& setting) {
  return MakePolicyOf<SieveCore>(setting);
}

}  // namespace uffdsim
