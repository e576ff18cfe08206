// 2Q (the full version): new pages prove themselves in a queue before they enter an LRU list.
//
// Mirrors: Johnson and Shasha, "2Q: a low overhead high performance buffer management replacement
// algorithm", VLDB 1994. Hits in A1in move nothing; a page that comes back while A1out remembers it
// enters Am; victims of Am are not remembered.
#include "model/base/lazy_array.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_lists.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class TwoQCore : public PolicyCoreDefaults {
 public:
  explicit TwoQCore(const PolicySetting& setting)
      : pages_(setting.page_count, 3),
        list_(setting.page_count),
        most_in_(ShareOf(setting.capacity, setting.parameters[0])),
        most_out_(ShareOf(setting.capacity, setting.parameters[1])) {}

  bool Resident(PageId page) const { return list_[page] == kIn || list_[page] == kMain; }
  void Prefetch(PageId page) const {
    __builtin_prefetch(list_.data() + page, 1);
    pages_.Prefetch(page);
  }
  void Hit(PageId page) {
    if (list_[page] == kMain) pages_.MoveToFront(kMain - 1, page);
  }

  void Fault(PageId page) {
    remembered_ = list_[page] == kOut;
    if (remembered_) Unlink(page);
  }

  void Insert(PageId page) { Link(remembered_ ? kMain : kIn, page); }

  PageId Evict(PageId) {
    if (pages_.Size(kMain - 1) > 0 && pages_.Size(kIn - 1) <= most_in_) {
      const PageId victim = pages_.Back(kMain - 1);
      Unlink(victim);
      return victim;
    }
    const PageId victim = pages_.Back(kIn - 1);
    Unlink(victim);
    if (pages_.Size(kOut - 1) >= most_out_) Unlink(pages_.Back(kOut - 1));
    Link(kOut, victim);
    return victim;
  }

  void Remove(PageId page) { Unlink(page); }
  std::uint64_t Bytes() const { return pages_.Bytes() + list_.size(); }

 private:
  // The list a page is in; its number in pages_ is one less.
  static constexpr std::uint8_t kNone = 0;
  static constexpr std::uint8_t kIn = 1;    // A1in: loaded once, first in first out
  static constexpr std::uint8_t kOut = 2;   // A1out: ghosts of A1in
  static constexpr std::uint8_t kMain = 3;  // Am: least recently used

  void Link(std::uint8_t list, PageId page) {
    pages_.PushFront(list - 1u, page);
    list_[page] = list;
  }
  void Unlink(PageId page) {
    pages_.Remove(list_[page] - 1u, page);
    list_[page] = kNone;
  }

  PageLists pages_;
  LazyArray<std::uint8_t> list_;
  std::uint64_t most_in_;
  std::uint64_t most_out_;
  bool remembered_ = false;  // the page being faulted in was in A1out
};

}  // namespace

std::unique_ptr<Policy> MakeTwoQPolicy(const PolicySetting& setting) {
  return MakePolicyOf<TwoQCore>(setting);
}

}  // namespace uffdsim
