// LIRS: keep the pages whose last two references were close together.
//
// Mirrors: Jiang and Zhang, "LIRS: an efficient low inter-reference recency set replacement
// policy", SIGMETRICS 2002. Stack S orders LIR pages and recently seen HIR pages (resident or not)
// by recency; queue Q holds the resident HIR pages. Trimming S to a multiple of the capacity is
// libCacheSim's; its other deviation (a hit on a resident HIR page outside S also demotes a LIR
// page) is not followed.
#include <algorithm>

#include "model/base/lazy_array.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_lists.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class LirsCore : public PolicyCoreDefaults {
 public:
  explicit LirsCore(const PolicySetting& setting)
      : stack_(setting.page_count, 1),
        queues_(setting.page_count, 2),
        status_(setting.page_count),
        most_lir_(setting.capacity -
                  std::min(setting.capacity, ShareOf(setting.capacity, setting.parameters[0]))),
        most_stack_(ShareOf(setting.capacity, setting.parameters[1])) {}

  bool Resident(PageId page) const { return status_[page] == kLir || status_[page] == kHir; }
  void Prefetch(PageId page) const {
    __builtin_prefetch(status_.data() + page, 1);
    stack_.Prefetch(page);
  }

  void Hit(PageId page) {
    if (status_[page] == kLir) {
      stack_.MoveToFront(kStack, page);
      Prune();
    } else if (stack_.Linked(page)) {
      queues_.Remove(kQueue, page);
      stack_.MoveToFront(kStack, page);
      Promote(page);
    } else {
      stack_.PushFront(kStack, page);
      queues_.MoveToFront(kQueue, page);
    }
    LimitStack();
  }

  PageId Evict(PageId) {
    if (queues_.Size(kQueue) == 0) Demote();
    const PageId victim = queues_.PopBack(kQueue);
    if (stack_.Linked(victim)) {
      status_[victim] = kGhost;
      queues_.PushFront(kGhosts, victim);
    } else {
      status_[victim] = kNone;
    }
    return victim;
  }

  void Insert(PageId page) {
    const bool ghost = status_[page] == kGhost;
    if (ghost) {
      queues_.Remove(kGhosts, page);
      stack_.MoveToFront(kStack, page);
      Promote(page);
    } else {
      stack_.PushFront(kStack, page);
      if (lir_ < most_lir_) {
        status_[page] = kLir;
        ++lir_;
      } else {
        status_[page] = kHir;
        queues_.PushFront(kQueue, page);
      }
    }
    LimitStack();
  }

  void Remove(PageId page) {
    if (status_[page] == kLir) {
      --lir_;
    } else {
      queues_.Remove(kQueue, page);
    }
    status_[page] = kNone;
    if (stack_.Linked(page)) stack_.Remove(kStack, page);
    Prune();
  }

  std::uint64_t Bytes() const { return stack_.Bytes() + queues_.Bytes() + status_.size(); }

 private:
  static constexpr PageLists::List kStack = 0;   // in stack_: S, most recent at the front
  static constexpr PageLists::List kQueue = 0;   // in queues_: Q, next victim at the back
  static constexpr PageLists::List kGhosts = 1;  // in queues_: evicted pages that are still in S

  static constexpr std::uint8_t kNone = 0;
  static constexpr std::uint8_t kLir = 1;    // resident, in S
  static constexpr std::uint8_t kHir = 2;    // resident, in Q, perhaps in S
  static constexpr std::uint8_t kGhost = 3;  // in S only

  // The page on top of S becomes LIR; to make room the LIR page at the bottom becomes HIR.
  void Promote(PageId page) {
    status_[page] = kLir;
    ++lir_;
    if (lir_ > most_lir_) Demote();
  }

  void Demote() {
    Prune();
    const PageId bottom = stack_.PopBack(kStack);
    status_[bottom] = kHir;
    --lir_;
    queues_.PushFront(kQueue, bottom);
    Prune();
  }

  // The bottom of S is a LIR page: what lies below has nothing to be compared with.
  void Prune() {
    for (PageId bottom = stack_.Back(kStack); bottom != kNoPage && status_[bottom] != kLir;
         bottom = stack_.Back(kStack)) {
      if (status_[bottom] == kGhost) {
        status_[bottom] = kNone;
        queues_.Remove(kGhosts, bottom);
      }
      stack_.Remove(kStack, bottom);
    }
  }

  void LimitStack() {
    while (stack_.Size(kStack) > most_stack_ && queues_.Size(kGhosts) > 0) {
      const PageId ghost = queues_.PopBack(kGhosts);
      status_[ghost] = kNone;
      stack_.Remove(kStack, ghost);
    }
  }

  PageLists stack_;
  PageLists queues_;
  LazyArray<std::uint8_t> status_;
  std::uint64_t lir_ = 0;
  std::uint64_t most_lir_;
  std::uint64_t most_stack_;
};

}  // namespace

std::unique_ptr<Policy> MakeLirsPolicy(const PolicySetting& setting) {
  return MakePolicyOf<LirsCore>(setting);
}

}  // namespace uffdsim
