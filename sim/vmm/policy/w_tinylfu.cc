// W-TinyLFU: a small window in front of a segmented LRU that admits only what is used more often.
//
// Mirrors: Einziger, Friedman and Manes, "TinyLFU: a highly efficient cache admission policy", ACM
// ToS 2017, without Caffeine's later jitter and hill climber. When memory is full the window's
// oldest page and the main part's next victim compete: the window's wins only with a strictly
// higher estimate. libCacheSim counts differently (another sketch, window hits uncounted): its
// counts are its own.
#include "model/base/lazy_array.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/frequency_sketch.h"
#include "sim/vmm/policy/page_lists.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class WTinyLfuCore : public PolicyCoreDefaults {
 public:
  explicit WTinyLfuCore(const PolicySetting& setting)
      : pages_(setting.page_count, 3),
        list_(setting.page_count),
        sketch_(setting.capacity, static_cast<std::uint64_t>(setting.parameters[2])),
        most_window_(ShareOf(setting.capacity, setting.parameters[0])),
        most_protected_(static_cast<std::uint64_t>(
            static_cast<double>(setting.capacity - std::min(setting.capacity, most_window_)) *
            setting.parameters[1])) {}

  bool Resident(PageId page) const { return list_[page] != kNone; }
  void Prefetch(PageId page) const {
    __builtin_prefetch(list_.data() + page, 1);
    pages_.Prefetch(page);
    sketch_.Prefetch(page);
  }

  void Hit(PageId page) {
    sketch_.Add(page);
    if (list_[page] != kProbation) {
      pages_.MoveToFront(list_[page] - 1u, page);
      return;
    }
    Move(page, kProtected);
    while (Size(kProtected) > most_protected_) Move(pages_.Back(kProtected - 1), kProbation);
  }

  void Fault(PageId page) { sketch_.Add(page); }

  void Insert(PageId page) {
    if (Size(kWindow) >= most_window_) Move(pages_.Back(kWindow - 1), kProbation);
    pages_.PushFront(kWindow - 1, page);
    list_[page] = kWindow;
  }

  PageId Evict(PageId) {
    const std::uint8_t main = Size(kProbation) > 0 ? kProbation : kProtected;
    PageId victim = pages_.Back(main - 1u);
    if (Size(kWindow) >= most_window_ || victim == kNoPage) {
      const PageId candidate = pages_.Back(kWindow - 1);
      if (victim == kNoPage || sketch_.Estimate(candidate) <= sketch_.Estimate(victim)) {
        victim = candidate;
      }
    }
    Remove(victim);
    return victim;
  }

  void Remove(PageId page) {
    pages_.Remove(list_[page] - 1u, page);
    list_[page] = kNone;
  }

  std::uint64_t Bytes() const { return pages_.Bytes() + list_.size() + sketch_.Bytes(); }

 private:
  // The list a page is in; its number in pages_ is one less.
  static constexpr std::uint8_t kNone = 0;
  static constexpr std::uint8_t kWindow = 1;
  static constexpr std::uint8_t kProbation = 2;
  static constexpr std::uint8_t kProtected = 3;

  std::uint64_t Size(std::uint8_t list) const { return pages_.Size(list - 1u); }
  void Move(PageId page, std::uint8_t list) {
    pages_.Remove(list_[page] - 1u, page);
    pages_.PushFront(list - 1u, page);
    list_[page] = list;
  }

  PageLists pages_;
  LazyArray<std::uint8_t> list_;
  FrequencySketch sketch_;
  std::uint64_t most_window_;
  std::uint64_t most_protected_;
};

}  // namespace

std::unique_ptr<Policy> MakeWTinyLfuPolicy(const PolicySetting& setting) {
  return MakePolicyOf<WTinyLfuCore>(setting);
}

}  // namespace uffdsim
