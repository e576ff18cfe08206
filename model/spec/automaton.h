// What userfaultfd promises about one page, as an automaton that only operations and observations
// move.
//
//   untracked --register--> open --arm--> armed --access / resolve / loss--> open
//   untracked --register--> open --protect--> protected --write / resolve / loss--> open
//
// The first is RWP, the second WP. `armed` and `protected` cover the page wherever it is: resident,
// in swap, under migration, on a device. WP has a marker for empty places where the VMA keeps
// markers. RWP arms no empty place; the ideal kernel keeps a marker when an armed file page goes,
// the release does not.
#pragma once

#include <cstdint>

#include "model/base/ids.h"
#include "model/op/event.h"
#include "model/spec/abstract.h"

namespace uffdsim {

enum class PageState : std::uint8_t {
  kUntracked,             // neither RWP nor WP covers the page
  kOpen,                  // registered; the next access goes through
  kArmed,                 // RWP: the next access is seen (message or asynchronous resolution)
  kArmedInSwap,           // armed, and the page is in swap
  kArmedInMigration,      // armed, and the page is between two frames
  kArmedOnDevice,         // armed, and the page is in device memory
  kArmedEmpty,            // armed, and nothing stands behind the page: where a marker says so
  kProtected,             // WP: the next write is seen
  kProtectedInSwap,       // protected, and the page is in swap
  kProtectedInMigration,  // protected, and the page is between two frames
  kProtectedOnDevice,     // protected, and the page is in device memory
  kProtectedEmpty,        // protected, and nothing stands behind the page
  kGone,                  // registered; nothing stands behind the page
};

// The state that a view of the page is in.
PageState StateOf(const AbstractPage& page);
const char* PageStateSentence(PageState state);
// Armed or protected: the mark has its effect.
bool IsTrapping(PageState state);

enum class LossVerdict : std::uint8_t { kLegal, kFinding };
struct LossRow {
  Cause cause;
  LossVerdict verdict;
  const char* kernel;
  const char* sentence;
};
const LossRow& LossOf(Cause cause);

// Whether the cause takes the page away as well, so that its contents and its soft-dirtiness end.
bool Empties(Cause cause);
// Whether the promise ends with the cause whatever the entry says: somebody resolved it, or the
// place is another one now. Otherwise an entry that kept its mark keeps its promise.
bool EndsPromise(Cause cause);

}  // namespace uffdsim
