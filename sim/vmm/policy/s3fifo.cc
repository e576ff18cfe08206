// S3-FIFO: a small queue filters pages that are used once; a ghost queue forgives its mistakes.
//
// Mirrors: Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023. The authors'
// own simulator, libCacheSim, decides differently from the paper which queue to evict from; both
// rules are here, and its own is the default because published miss counts come from it.
#include <algorithm>

#include "model/base/lazy_array.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_lists.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class S3FifoCore : public PolicyCoreDefaults {
 public:
  explicit S3FifoCore(const PolicySetting& setting)
      : pages_(setting.page_count, 3),
        state_(setting.page_count),
        most_small_(ShareOf(setting.capacity, setting.parameters[0])),
        most_main_(setting.capacity - std::min(setting.capacity, most_small_)),
        most_ghosts_(ShareOf(setting.capacity, setting.parameters[1])),
        promote_at_(static_cast<std::uint8_t>(setting.parameters[2])),
        paper_rule_(setting.parameters[3] != 0) {}

  bool Resident(PageId page) const {
    const std::uint8_t list = ListOf(page);
    return list == kSmall || list == kMain;
  }
  void Prefetch(PageId page) const { __builtin_prefetch(state_.data() + page, 1); }
  void Hit(PageId page) {
    if (Uses(page) < kMostUses) state_[page] = static_cast<std::uint8_t>(state_[page] + kOneUse);
  }

  void Fault(PageId page) {
    remembered_ = ListOf(page) == kGhost;
    if (remembered_) Unlink(page);
  }
  void Insert(PageId page) { Link(remembered_ ? kMain : kSmall, page, 0); }

  PageId Evict(PageId) {
    for (;;) {
      const PageId victim = FromMain() ? EvictMain() : EvictSmall();
      if (victim != kNoPage) return victim;
    }
  }

  void Remove(PageId page) { Unlink(page); }
  std::uint64_t Bytes() const { return pages_.Bytes() + state_.size(); }

 private:
  // The list a page is in; its number in pages_ is one less. The uses are above it.
  static constexpr std::uint8_t kSmall = 1;
  static constexpr std::uint8_t kMain = 2;
  static constexpr std::uint8_t kGhost = 3;
  static constexpr std::uint8_t kListMask = 3;
  static constexpr std::uint8_t kOneUse = 4;
  static constexpr std::uint8_t kMostUses = 3;

  std::uint8_t ListOf(PageId page) const { return state_[page] & kListMask; }
  std::uint8_t Uses(PageId page) const { return state_[page] / kOneUse; }
  std::uint64_t Size(std::uint8_t list) const { return pages_.Size(list - 1u); }
  void Link(std::uint8_t list, PageId page, unsigned uses) {
    pages_.PushFront(list - 1u, page);
    state_[page] = static_cast<std::uint8_t>(list + uses * kOneUse);
  }
  void Unlink(PageId page) {
    pages_.Remove(ListOf(page) - 1u, page);
    state_[page] = 0;
  }

  bool FromMain() const {
    if (Size(kSmall) == 0) return true;
    if (Size(kMain) == 0) return false;
    return paper_rule_ ? Size(kSmall) < most_small_ : Size(kMain) > most_main_;
  }

  // Moves used pages to the main queue until one goes. By the paper's rule a move that overfills
  // the main queue evicts from there. kNoPage: look again.
  PageId EvictSmall() {
    while (Size(kSmall) > 0) {
      const PageId page = pages_.Back(kSmall - 1);
      const bool used = Uses(page) >= promote_at_;
      Unlink(page);
      if (!used) {
        if (Size(kGhost) >= most_ghosts_) Unlink(pages_.Back(kGhost - 1));
        Link(kGhost, page, 0);
        return page;
      }
      Link(kMain, page, 0);
      if (paper_rule_ && Size(kMain) > most_main_) return EvictMain();
    }
    return kNoPage;
  }

  PageId EvictMain() {
    for (;;) {
      const PageId page = pages_.Back(kMain - 1);
      const std::uint8_t uses = Uses(page);
      Unlink(page);
      if (uses == 0) return page;
      Link(kMain, page, uses - 1u);
    }
  }

  PageLists pages_;
  LazyArray<std::uint8_t> state_;
  std::uint64_t most_small_;
  std::uint64_t most_main_;
  std::uint64_t most_ghosts_;
  std::uint8_t promote_at_;
  bool paper_rule_;
  bool remembered_ = false;  // the page being faulted in was a ghost
};

}  // namespace

std::unique_ptr<Policy> MakeS3FifoPolicy(const PolicySetting& setting) {
  return MakePolicyOf<S3FifoCore>(setting);
}

}  // namespace uffdsim
