#include "model/spec/automaton.h"

#include <cstddef>

namespace uffdsim {
namespace {

constexpr LossRow kLosses[] = {
#define LOSS(cause, verdict, kernel, sentence) \
  {Cause::cause, LossVerdict::verdict, kernel, sentence},
#include "model/spec/losses.def"
#undef LOSS
};

PageState StateUnderRwp(const AbstractPage& page) {
  switch (page.backing) {
    case Backing::kResident:
      return page.marked && page.denies_all ? PageState::kArmed : PageState::kOpen;
    case Backing::kSwapped: return page.marked ? PageState::kArmedInSwap : PageState::kOpen;
    case Backing::kMigrating: return page.marked ? PageState::kArmedInMigration : PageState::kOpen;
    case Backing::kDevice: return page.marked ? PageState::kArmedOnDevice : PageState::kOpen;
    case Backing::kWpMarked: return PageState::kArmedEmpty;
    case Backing::kNothing:
    case Backing::kPoisoned:
    case Backing::kGuarded: return PageState::kGone;
  }
  return PageState::kGone;
}

PageState StateUnderWp(const AbstractPage& page) {
  switch (page.backing) {
    case Backing::kResident:
      return page.marked && !page.writable ? PageState::kProtected : PageState::kOpen;
    case Backing::kSwapped: return page.marked ? PageState::kProtectedInSwap : PageState::kOpen;
    case Backing::kMigrating:
      return page.marked ? PageState::kProtectedInMigration : PageState::kOpen;
    case Backing::kDevice: return page.marked ? PageState::kProtectedOnDevice : PageState::kOpen;
    case Backing::kWpMarked: return PageState::kProtectedEmpty;
    case Backing::kNothing:
    case Backing::kPoisoned:
    case Backing::kGuarded: return PageState::kGone;
  }
  return PageState::kGone;
}

}  // namespace

const LossRow& LossOf(Cause cause) {
  // The table is in the order of the enumerators; a test checks it.
  return kLosses[static_cast<std::size_t>(cause)];
}

PageState StateOf(const AbstractPage& page) {
  switch (page.mode) {
    case TrackMode::kNone: return PageState::kUntracked;
    case TrackMode::kRwp: return StateUnderRwp(page);
    case TrackMode::kWp: return StateUnderWp(page);
  }
  return PageState::kUntracked;
}

const char* PageStateSentence(PageState state) {
  switch (state) {
    case PageState::kUntracked: return "no RWP or WP registration covers the page";
    case PageState::kOpen: return "registered, the next access goes through";
    case PageState::kArmed: return "armed";
    case PageState::kArmedInSwap: return "armed, in swap";
    case PageState::kArmedInMigration: return "armed, under migration";
    case PageState::kArmedOnDevice: return "armed, in device memory";
    case PageState::kArmedEmpty: return "armed, empty";
    case PageState::kProtected: return "write-protected";
    case PageState::kProtectedInSwap: return "write-protected, in swap";
    case PageState::kProtectedInMigration: return "write-protected, under migration";
    case PageState::kProtectedOnDevice: return "write-protected, in device memory";
    case PageState::kProtectedEmpty: return "write-protected, empty";
    case PageState::kGone: return "registered, nothing stands behind the page";
  }
  return "?";
}

bool IsTrapping(PageState state) {
  switch (state) {
    case PageState::kUntracked:
    case PageState::kOpen:
    case PageState::kGone: return false;
    case PageState::kArmed:
    case PageState::kArmedInSwap:
    case PageState::kArmedInMigration:
    case PageState::kArmedOnDevice:
    case PageState::kArmedEmpty:
    case PageState::kProtected:
    case PageState::kProtectedInSwap:
    case PageState::kProtectedInMigration:
    case PageState::kProtectedOnDevice:
    case PageState::kProtectedEmpty: return true;
  }
  return false;
}

bool Empties(Cause cause) {
  switch (cause) {
    case Cause::kUnregister:
    case Cause::kResolve:
    case Cause::kAsyncResolve:
    case Cause::kKsmMerge:
    case Cause::kForceWrite:
    case Cause::kFill: return false;
    case Cause::kCollapse:
    case Cause::kZap:
    case Cause::kFileReclaim:
    case Cause::kLazyfree:
    case Cause::kForkChild:
    case Cause::kMremap:
    case Cause::kMoveOut:
    case Cause::kMoveIn:
    case Cause::kHwPoison:
    case Cause::kGuard:
    case Cause::kHugeUnmap:
    case Cause::kMigrateHole:
    case Cause::kSwapError:
    case Cause::kUnmap: return true;
  }
  return false;
}

bool EndsPromise(Cause cause) {
  switch (cause) {
    case Cause::kUnregister:
    case Cause::kResolve:
    case Cause::kAsyncResolve:
    case Cause::kForkChild:
    case Cause::kMremap:
    case Cause::kMoveOut:
    case Cause::kMoveIn:
    case Cause::kUnmap:
    case Cause::kFill: return true;
    case Cause::kZap:
    case Cause::kFileReclaim:
    case Cause::kLazyfree:
    case Cause::kKsmMerge:
    case Cause::kCollapse:
    case Cause::kHwPoison:
    case Cause::kGuard:
    case Cause::kForceWrite:
    case Cause::kHugeUnmap:
    case Cause::kMigrateHole:
    case Cause::kSwapError: return false;
  }
  return false;
}

}  // namespace uffdsim
