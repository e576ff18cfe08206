// Invariants about the state of single pages.
#include <algorithm>
#include <string>

#include "model/spec/referee.h"

namespace uffdsim {
namespace {

// Something of the process is there, wherever it is; markers and failures are not.
bool HoldsPage(Backing backing) {
  switch (backing) {
    case Backing::kResident:
    case Backing::kSwapped:
    case Backing::kMigrating:
    case Backing::kDevice: return true;
    case Backing::kNothing:
    case Backing::kPoisoned:
    case Backing::kGuarded:
    case Backing::kWpMarked: return false;
  }
  return false;
}

}  // namespace

void Referee::CheckNoLossWithoutReason() {
  for (PageSet* promises : {&history_.armed, &history_.guarded}) {
    std::vector<std::pair<MmId, Vpn>> lost;
    const char* expected = promises == &history_.armed ? "armed" : "write-protected";
    promises->ForEach([&](MmId mm, Vpn vpn) {
      const AbstractPage page = source_.Page(mm, vpn);
      const PageState state = StateOf(page);
      if (IsTrapping(state)) return;
      // Marked but let through is what MarkedMeansTrapping says, once.
      if (page.marked && page.mode != TrackMode::kNone) return;
      Report(InvariantId::kNoLossWithoutReason, mm, vpn,
             std::string("expected: ") + expected + "; is: " + PageStateSentence(state));
      lost.emplace_back(mm, vpn);
    });
    for (const auto& [mm, vpn] : lost) promises->Erase(mm, vpn, vpn + 1);
  }
}

void Referee::CheckNoMarkFromNowhere(const AbstractPage& page) {
  const PageState state = StateOf(page);
  if (!IsTrapping(state) || Promised(page.mm, page.vpn)) return;
  Report(InvariantId::kNoMarkFromNowhere, page.mm, page.vpn,
         std::string("expected: open; is: ") + PageStateSentence(state));
}

void Referee::CheckNoOrphan(const AbstractPage& page) {
  if (page.mode != TrackMode::kNone) return;
  if (page.marked) {
    Report(InvariantId::kNoOrphan, page.mm, page.vpn,
           "the page carries the mark in a VMA without WP or RWP");
  }
}

void Referee::CheckMarkedMeansTrapping(const AbstractPage& page) {
  if (!page.marked || page.backing != Backing::kResident) return;
  if (page.mode == TrackMode::kRwp && !page.denies_all) {
    Report(InvariantId::kMarkedMeansTrapping, page.mm, page.vpn,
           "marked in an RWP VMA, yet accesses get through");
  }
  if (page.mode == TrackMode::kWp && page.writable) {
    Report(InvariantId::kMarkedMeansTrapping, page.mm, page.vpn,
           "marked in a WP VMA, yet writes get through");
  }
}

void Referee::CheckScanIsExact(const AbstractPage& page) {
  if (page.mode != TrackMode::kWp && page.reported_written) {
    Report(InvariantId::kScanIsExact, page.mm, page.vpn, "reported as written outside a WP VMA");
  }
  if (page.mode == TrackMode::kNone) return;
  if (page.backing != Backing::kResident && page.backing != Backing::kSwapped) return;
  const bool rwp = page.mode == TrackMode::kRwp;
  const bool promised = Promised(page.mm, page.vpn);
  const bool reported = rwp ? page.reported_accessed : page.reported_written;
  if (reported != promised) return;
  std::string detail = promised ? "not touched since it was marked, yet reported as "
                                : "not marked, yet not reported as ";
  Report(InvariantId::kScanIsExact, page.mm, page.vpn, detail + (rwp ? "accessed" : "written"));
}

void Referee::CheckResolvedLetsThrough(const AbstractPage& page) {
  if (page.mode != TrackMode::kRwp || page.backing != Backing::kResident) return;
  if (!page.accessible || !page.denies_all || history_.hints) return;
  if (!history_.resolved.Contains(page.mm, page.vpn) || Promised(page.mm, page.vpn)) return;
  Report(InvariantId::kResolvedLetsThrough, page.mm, page.vpn,
         "resolved by an ioctl, yet no access gets through");
}

void Referee::CheckExactPermission(const AbstractPage& page) {
  if (page.backing != Backing::kResident) return;
  if (page.writable && !page.may_write) {
    Report(InvariantId::kExactPermission, page.mm, page.vpn,
           "writes get through, the mapping does not allow them");
  }
  if (page.writable && page.private_file) {
    Report(InvariantId::kExactPermission, page.mm, page.vpn,
           "a private mapping may write the file's own page");
  }
  if (page.mode == TrackMode::kRwp) return;  // ResolvedLetsThrough, NoLossWithoutReason
  if (page.accessible && page.denies_all && !page.marked && !history_.hints) {
    Report(InvariantId::kExactPermission, page.mm, page.vpn,
           "no access gets through, and there is neither a mark nor a hint");
  }
}

void Referee::CheckDecode(const AbstractPage& page) {
  if (page.sound) return;
  Report(InvariantId::kDecode, page.mm, page.vpn, "the entry names something that does not exist");
}

void Referee::CheckIsolation() {
  writable_.clear();
  for (const AbstractPage& page : pages_) {
    if (page.private_anon && page.writable) writable_.push_back(&page);
  }
  if (writable_.size() < 2) return;
  std::sort(writable_.begin(), writable_.end(),
            [](const AbstractPage* a, const AbstractPage* b) { return a->frame < b->frame; });
  for (std::size_t i = 1; i < writable_.size(); ++i) {
    if (writable_[i - 1]->frame != writable_[i]->frame) continue;
    Report(InvariantId::kIsolation, writable_[i]->mm, writable_[i]->vpn,
           "the same anonymous page is writable elsewhere too");
  }
}

void Referee::CheckNoGap() {
  populated_.clear();
  for (const AbstractPage& page : pages_) {
    if (HoldsPage(page.backing)) populated_.Insert(page.mm, page.vpn);
  }
  history_.populated.ForEach([&](MmId mm, Vpn vpn) {
    if (populated_.Contains(mm, vpn)) return;
    Report(InvariantId::kNoGap, mm, vpn, "something was mapped here, and nobody took it away");
  });
  std::swap(history_.populated, populated_);
}

}  // namespace uffdsim
