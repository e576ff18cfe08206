// What userfaultfd RWP promises about one page, as an automaton that only operations and
// observations move.
//
//   untracked --register--> open --arm--> armed --access / resolve / loss--> open
//
// `armed` covers the page wherever it is: resident, in swap, under migration, on a device. A page
// is armed by an ioctl only if there is something to arm; an empty place stays open, for RWP has no
// marker for emptiness.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "model/base/ids.h"
#include "model/op/event.h"
#include "model/spec/abstract.h"

namespace uffdsim {

enum class PageState : std::uint8_t {
  kUntracked,         // no RWP registration covers the page
  kOpen,              // registered; the next access goes through
  kArmed,             // registered; the next access is seen (message or asynchronous resolution)
  kArmedInSwap,       // armed, and the page is in swap
  kArmedInMigration,  // armed, and the page is between two frames
  kArmedOnDevice,     // armed, and the page is in device memory
  kGone,              // registered; nothing stands behind the page
};

// The state that a view of the page is in.
PageState StateOf(const AbstractPage& page);
const char* PageStateSentence(PageState state);
inline bool IsArmedState(PageState s) {
  return s == PageState::kArmed || s == PageState::kArmedInSwap ||
         s == PageState::kArmedInMigration || s == PageState::kArmedOnDevice;
}

enum class LossVerdict : std::uint8_t { kLegal, kFinding };
struct LossRow {
  Cause cause;
  LossVerdict verdict;
  const char* kernel;
  const char* sentence;
};
const LossRow& LossOf(Cause cause);

// The set of pages that are armed according to the history, by (process, page).
class ArmedSet {
 public:
  using Key = std::pair<MmId, Vpn>;
  void Arm(MmId mm, Vpn vpn) { pages_[{mm, vpn}] = true; }
  void Disarm(MmId mm, Vpn first, Vpn last) {
    pages_.erase(pages_.lower_bound({mm, first}), pages_.lower_bound({mm, last}));
  }
  bool Contains(MmId mm, Vpn vpn) const { return pages_.contains({mm, vpn}); }
  // The armed pages of [first, last), in order.
  template <class Visit>
  void ForEach(MmId mm, Vpn first, Vpn last, Visit&& visit) const {
    for (auto it = pages_.lower_bound({mm, first}); it != pages_.end() && it->first < Key{mm, last};
         ++it) {
      visit(it->first.second);
    }
  }
  const std::map<Key, bool>& pages() const { return pages_; }

 private:
  std::map<Key, bool> pages_;
};

}  // namespace uffdsim
