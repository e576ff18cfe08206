#include "model/spec/automaton.h"

namespace uffdsim {
namespace {

constexpr LossRow kLosses[] = {
#define LOSS(cause, verdict, kernel, sentence) \
  {Cause::cause, LossVerdict::verdict, kernel, sentence},
#include "model/spec/losses.def"
#undef LOSS
};

}  // namespace

const LossRow& LossOf(Cause cause) {
  // The table is in the order of the enumerators; a test checks it.
  return kLosses[static_cast<std::size_t>(cause)];
}

PageState StateOf(const AbstractPage& page) {
  if (page.mode != TrackMode::kRwp) return PageState::kUntracked;
  switch (page.backing) {
    case Backing::kResident:
      return page.marked && page.denies_all ? PageState::kArmed : PageState::kOpen;
    case Backing::kSwapped: return page.marked ? PageState::kArmedInSwap : PageState::kOpen;
    case Backing::kMigrating: return page.marked ? PageState::kArmedInMigration : PageState::kOpen;
    case Backing::kDevice: return page.marked ? PageState::kArmedOnDevice : PageState::kOpen;
    case Backing::kNothing:
    case Backing::kPoisoned:
    case Backing::kGuarded:
    case Backing::kWpMarked: return PageState::kGone;
  }
  return PageState::kGone;
}

const char* PageStateSentence(PageState state) {
  switch (state) {
    case PageState::kUntracked: return "no RWP registration covers the page";
    case PageState::kOpen: return "registered, the next access goes through";
    case PageState::kArmed: return "armed";
    case PageState::kArmedInSwap: return "armed, in swap";
    case PageState::kArmedInMigration: return "armed, under migration";
    case PageState::kArmedOnDevice: return "armed, in device memory";
    case PageState::kGone: return "registered, nothing stands behind the page";
  }
  return "?";
}

}  // namespace uffdsim
