// LeCaR: two experts, LRU and LFU; who evicted a page that comes back loses weight.
//
// Mirrors: Vietri et al., "Driving cache replacement with ML-based LeCaR", HotStorage 2018. A
// victim is chosen by an expert drawn by weight and remembered in that expert's history with the
// time; when it comes back after t references, the other expert's weight is multiplied by e^(rate x
// discount^t). A page that comes back keeps its count. LFU ties: the least recently used.
#include <array>
#include <compare>

#include "model/base/lazy_array.h"
#include "model/base/rng.h"
#include "sim/vmm/policy/exponential.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_heap.h"
#include "sim/vmm/policy/page_lists.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class LecarCore : public PolicyCoreDefaults {
 public:
  explicit LecarCore(const PolicySetting& setting)
      : lists_(setting.page_count, 3),
        counts_(setting.page_count),
        place_(setting.page_count),
        uses_(setting.page_count),
        evicted_(setting.page_count),
        rng_(setting.seed),
        most_history_(ShareOf(setting.capacity, 0.5)),
        rate_(setting.parameters[0]),
        log_discount_(-kLog200 / static_cast<double>(setting.capacity)) {}

  bool Resident(PageId page) const { return place_[page] == kResident; }
  void Prefetch(PageId page) const {
    __builtin_prefetch(place_.data() + page, 1);
    lists_.Prefetch(page);
    counts_.Prefetch(page);
  }

  void Hit(PageId page) {
    ++now_;
    lists_.MoveToFront(kRecency, page);
    counts_.Update(page, {++uses_[page], now_});
  }

  void Fault(PageId page) {
    ++now_;
    if (place_[page] == kAbsent) {
      uses_[page] = 0;
      return;
    }
    // The expert that evicted it was wrong.
    const unsigned wrong = place_[page] == kLruHistory ? kLru : kLfu;
    const double age = static_cast<double>(now_ - evicted_[page]);
    weights_[1 - wrong] *= Exponential(rate_ * Exponential(log_discount_ * age));
    const double sum = weights_[kLru] + weights_[kLfu];
    weights_[kLru] /= sum;
    weights_[kLfu] /= sum;
    lists_.Remove(wrong + kHistories, page);
    place_[page] = kAbsent;
  }

  void Insert(PageId page) {
    place_[page] = kResident;
    lists_.PushFront(kRecency, page);
    counts_.Push(page, {++uses_[page], now_});
  }

  PageId Evict(PageId) {
    const PageId oldest = lists_.Back(kRecency);
    const PageId rarest = counts_.Top();
    if (oldest == rarest) {
      TakeOut(oldest);
      return oldest;
    }
    const double draw = std::ldexp(static_cast<double>(rng_.Next() >> 11), -53);
    const unsigned expert = draw < weights_[kLru] ? kLru : kLfu;
    const PageId victim = expert == kLru ? oldest : rarest;
    TakeOut(victim);
    Remember(victim, expert);
    return victim;
  }

  void Remove(PageId page) { TakeOut(page); }

  std::uint64_t Bytes() const {
    return lists_.Bytes() + counts_.Bytes() + place_.size() + uses_.size() * sizeof(std::uint32_t) +
           evicted_.size() * sizeof(std::uint64_t);
  }

 private:
  static constexpr double kLog200 = 5.298317366548036;  // the discount of C references is 0.005
  static constexpr PageLists::List kRecency = 0;        // resident pages; the histories follow
  static constexpr PageLists::List kHistories = 1;
  enum Expert : unsigned { kLru, kLfu };

  static constexpr std::uint8_t kAbsent = 0;
  static constexpr std::uint8_t kResident = 1;
  static constexpr std::uint8_t kLruHistory = 2;
  static constexpr std::uint8_t kLfuHistory = 3;

  struct Key {
    std::uint64_t uses = 0;
    std::uint64_t last = 0;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  void TakeOut(PageId page) {
    lists_.Remove(kRecency, page);
    counts_.Remove(page);
    place_[page] = kAbsent;
  }

  void Remember(PageId page, unsigned expert) {
    const PageLists::List history = expert + kHistories;
    if (lists_.Size(history) >= most_history_) place_[lists_.PopBack(history)] = kAbsent;
    lists_.PushFront(history, page);
    place_[page] = expert == kLru ? kLruHistory : kLfuHistory;
    evicted_[page] = now_;
  }

  PageLists lists_;
  PageHeap<Key> counts_;
  LazyArray<std::uint8_t> place_;
  LazyArray<std::uint32_t> uses_;
  LazyArray<std::uint64_t> evicted_;  // when, for pages in a history
  Rng rng_;
  std::uint64_t most_history_;
  double rate_;
  double log_discount_;
  std::array<double, 2> weights_ = {0.5, 0.5};  // by Expert; they add up to 1
  std::uint64_t now_ = 0;                       // references
};

}  // namespace

std::unique_ptr<Policy> MakeLecarPolicy(const PolicySetting& setting) {
  return MakePolicyOf<LecarCore>(setting);
}

}  // namespace uffdsim
