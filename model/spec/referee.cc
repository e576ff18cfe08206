#include "model/spec/referee.h"

#include <algorithm>
#include <iterator>

namespace uffdsim {
namespace {

struct Row {
  int number;
  const char* name;
  const char* sentence;
};

constexpr Row kRows[] = {
#define INVARIANT(id, number, sentence) {number, #id, sentence},
#include "model/spec/invariants.def"
#undef INVARIANT
};

const Row& RowOf(InvariantId id) { return kRows[static_cast<std::size_t>(id)]; }

}  // namespace

int InvariantNumber(InvariantId id) { return RowOf(id).number; }
const char* InvariantName(InvariantId id) { return RowOf(id).name; }
const char* InvariantSentence(InvariantId id) { return RowOf(id).sentence; }

void Referee::Report(InvariantId id, MmId mm, Vpn vpn, std::string detail) {
  for (const Violation& v : violations_) {
    if (v.invariant == id && v.mm == mm && v.vpn == vpn) return;
  }
  violations_.push_back({.invariant = id,
                         .mm = mm,
                         .vpn = vpn,
                         .path = path_,
                         .step = step_,
                         .detail = std::move(detail)});
}

void Referee::OnStep(TaskId, const char* path, const char* step) {
  path_ = path;
  step_ = step;
}

void Referee::OnAccess(MmId mm, Vpn vpn, Access, AccessMode mode) {
  if (!armed_.Contains(mm, vpn)) return;
  const AbstractPage page = source_.Page(mm, vpn);
  // A forced access to a VMA that permits nothing cannot be delivered to anybody.
  if (mode == AccessMode::kForce && !page.accessible) return;
  Report(InvariantId::kNoSilentAccess, mm, vpn, "an access completed while the page was armed");
}

void Referee::OnMessage(TaskId, MmId, Vpn, std::uint64_t) {}

void Referee::OnArm(MmId mm, Vpn first, Vpn last) {
  for (Vpn vpn = first; vpn < last; ++vpn) {
    const AbstractPage page = source_.Page(mm, vpn);
    if (page.mode != TrackMode::kRwp) continue;
    switch (page.backing) {
      case Backing::kResident:
      case Backing::kSwapped:
      case Backing::kMigrating:
      case Backing::kDevice: armed_.Arm(mm, vpn); break;
      case Backing::kNothing:
      case Backing::kPoisoned:
      case Backing::kGuarded:
      case Backing::kWpMarked: break;
    }
  }
  resolved_.Disarm(mm, first, last);
  woken_.erase(woken_.lower_bound({mm, first}), woken_.lower_bound({mm, last}));
}

void Referee::OnWake(CtxId ctx, Vpn first, Vpn last) {
  for (const auto& [key, unused] : resolved_.pages()) {
    if (first <= key.second && key.second < last &&
        source_.Page(key.first, key.second).ctx == ctx) {
      woken_[key] = ctx;
    }
  }
}

void Referee::OnLoss(MmId mm, Vpn first, Vpn last, Cause cause) {
  const LossRow& row = LossOf(cause);
  if (row.verdict == LossVerdict::kFinding) {
    armed_.ForEach(mm, first, last, [&](Vpn vpn) {
      findings_.push_back({.cause = cause, .mm = mm, .vpn = vpn, .path = path_, .step = step_});
      if (strictness_ == Strictness::kIdeal) {
        Report(InvariantId::kNoLossWithoutReason, mm, vpn, row.sentence);
      }
    });
  }
  armed_.Disarm(mm, first, last);
  if (cause == Cause::kResolve) {
    for (Vpn vpn = first; vpn < last; ++vpn) resolved_.Arm(mm, vpn);
  }
}

void Referee::OnInherit(MmId from, Vpn first, Vpn last, MmId to, Vpn to_first) {
  std::vector<Vpn> inherited;
  armed_.ForEach(from, first, last, [&](Vpn vpn) { inherited.push_back(vpn); });
  armed_.Disarm(to, to_first, to_first + (last - first));
  for (const Vpn vpn : inherited) armed_.Arm(to, to_first + (vpn - first));
}

void Referee::CheckNoLossWithoutReason() {
  std::vector<ArmedSet::Key> lost;
  for (const auto& [key, unused] : armed_.pages()) {
    const AbstractPage page = source_.Page(key.first, key.second);
    const PageState state = StateOf(page);
    if (IsArmedState(state)) continue;
    // Marked but let through is what MarkedMeansTrapping says, once.
    if (page.marked && page.mode == TrackMode::kRwp) continue;
    Report(InvariantId::kNoLossWithoutReason, key.first, key.second,
           std::string("expected: armed; is: ") + PageStateSentence(state));
    lost.push_back(key);
  }
  for (const ArmedSet::Key& key : lost) armed_.Disarm(key.first, key.second, key.second + 1);
}

void Referee::CheckNoMarkFromNowhere(const AbstractPage& page) {
  if (page.mode != TrackMode::kRwp || !IsArmedState(StateOf(page))) return;
  if (armed_.Contains(page.mm, page.vpn)) return;
  Report(InvariantId::kNoMarkFromNowhere, page.mm, page.vpn,
         std::string("expected: not armed; is: ") + PageStateSentence(StateOf(page)));
}

void Referee::CheckNoOrphan(const AbstractPage& page) {
  if (!page.marked || page.mode != TrackMode::kNone) return;
  Report(InvariantId::kNoOrphan, page.mm, page.vpn,
         "the page carries the mark in a VMA without WP or RWP");
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
  if (page.mode != TrackMode::kRwp) return;
  if (page.backing != Backing::kResident && page.backing != Backing::kSwapped) return;
  const bool armed = armed_.Contains(page.mm, page.vpn);
  if (page.reported_accessed != armed) return;
  Report(InvariantId::kScanIsExact, page.mm, page.vpn,
         armed ? "armed and not accessed since, yet reported as accessed"
               : "not armed, yet reported as not accessed");
}

void Referee::CheckResolvedLetsThrough(const AbstractPage& page) {
  if (page.mode != TrackMode::kRwp || page.backing != Backing::kResident) return;
  if (!resolved_.Contains(page.mm, page.vpn) || armed_.Contains(page.mm, page.vpn)) return;
  if (!page.accessible || !page.denies_all) return;
  Report(InvariantId::kResolvedLetsThrough, page.mm, page.vpn,
         "resolved by an ioctl, yet no access gets through");
}

void Referee::CheckIsolation(const std::vector<AbstractPage>& pages) {
  std::vector<const AbstractPage*> writable;
  for (const AbstractPage& page : pages) {
    if (page.private_anon && page.writable) writable.push_back(&page);
  }
  std::sort(writable.begin(), writable.end(),
            [](const AbstractPage* a, const AbstractPage* b) { return a->frame < b->frame; });
  for (std::size_t i = 1; i < writable.size(); ++i) {
    if (writable[i - 1]->frame != writable[i]->frame) continue;
    Report(InvariantId::kIsolation, writable[i]->mm, writable[i]->vpn,
           "the same anonymous page is writable elsewhere too");
  }
}

void Referee::CheckNoStaleTranslation() {
  for (const AbstractTranslation& t : source_.Translations()) {
    const AbstractPage page = source_.Page(t.mm, t.vpn);
    if (page.backing != Backing::kResident || page.denies_all) {
      Report(InvariantId::kNoStaleTranslation, t.mm, t.vpn,
             "a cached translation outlived its page-table entry");
    } else if (t.writable && !page.writable) {
      Report(InvariantId::kNoStaleTranslation, t.mm, t.vpn,
             "a cached translation allows writes that the page table does not");
    } else if (t.frame != 0 && t.frame != page.frame) {
      Report(InvariantId::kNoStaleTranslation, t.mm, t.vpn,
             "a cached translation leads to another frame");
    }
  }
}

void Referee::CheckAccounting() {
  for (const AbstractCount& count : source_.Counts()) {
    if (count.kept == count.counted) continue;
    Report(InvariantId::kAccounting, MmId(0), Vpn(count.which),
           std::string(count.what) + " " + std::to_string(count.which) + ": kept " +
               std::to_string(count.kept) + ", counted " + std::to_string(count.counted));
  }
}

void Referee::CheckNoLostWakeup() {
  for (const AbstractSleeper& sleeper : source_.Sleepers()) {
    const auto woken = woken_.find({sleeper.mm, sleeper.vpn});
    if (woken == woken_.end() || woken->second != sleeper.ctx) continue;
    const AbstractPage page = source_.Page(sleeper.mm, sleeper.vpn);
    if (page.backing != Backing::kResident || page.denies_all || page.marked) continue;
    Report(InvariantId::kNoLostWakeup, sleeper.mm, sleeper.vpn,
           "a thread still sleeps on a page that was resolved");
  }
}

void Referee::Check() {
  CheckNoLossWithoutReason();
  const std::vector<AbstractPage> pages = source_.Pages();
  for (const AbstractPage& page : pages) {
    CheckNoMarkFromNowhere(page);
    CheckNoOrphan(page);
    CheckMarkedMeansTrapping(page);
    CheckScanIsExact(page);
    CheckResolvedLetsThrough(page);
  }
  CheckIsolation(pages);
  CheckNoStaleTranslation();
  CheckAccounting();
  CheckNoLostWakeup();
}

}  // namespace uffdsim
