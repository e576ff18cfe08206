// What the referee makes of events, and the invariants that are statements about events.
#include <algorithm>
#include <string_view>

#include "model/spec/referee.h"

namespace uffdsim {
namespace {

// Flags of a page-fault message that say which protection was hit (UFFD_PAGEFAULT_FLAG_*).
constexpr std::uint64_t kMessageWp = 2;
constexpr std::uint64_t kMessageRwp = 8;

// The longest legal chain at one place is a few faults (swap in, RWP, copy, soft-dirty); a thread
// that takes so many more will take them for ever.
constexpr int kMostRetries = 16;

}  // namespace

void Referee::OnStep(TaskId task, const char* path, const char* step) {
  if (watch_) watch_->Look(source_, path_, step_);
  path_ = path;
  step_ = step;
  running_ = task;
  touched_ = false;
  unmapped_.clear();
  protected_.clear();
  if (std::string_view(step) == "start") {
    std::erase_if(retries_, [&](const Retries& r) { return r.task == task; });
  }
  if (std::string_view(path) == "fault" && std::string_view(step) == "walk") {
    CheckNoRetryWithoutProgress(task);
  }
}

void Referee::CheckNoRetryWithoutProgress(TaskId task) {
  const AbstractPlace place = source_.FaultPlace(task);
  auto it = std::find_if(retries_.begin(), retries_.end(),
                         [&](const Retries& r) { return r.task == task; });
  if (it == retries_.end()) it = retries_.insert(it, {.task = task});
  if (it->count == 0 || !(it->place == place)) {
    it->place = place;
    it->count = 0;
  }
  it->armed = history_.armed.Contains(place.mm, place.vpn);
  it->guarded = history_.guarded.Contains(place.mm, place.vpn);
  if (++it->count != kMostRetries) return;
  Report(InvariantId::kNoRetryWithoutProgress, place.mm, place.vpn,
         "the same thread faults here again and again, and nothing comes of it");
}

void Referee::OnAccess(MmId mm, Vpn vpn, Access access, AccessMode mode) {
  std::erase_if(retries_, [&](const Retries& r) { return r.task == running_; });
  const AbstractPage page = source_.Page(mm, vpn);
  const bool translated = mode != AccessMode::kReference;
  if (translated) CheckNoSilentAccess(page, access, mode);
  if (access == Access::kWrite) {
    // Where the page is mapped by now, if anywhere, is not known.
    if (!translated) history_.contents = history_.objects = {};
    Learn(page);
    if (translated && page.tracks_soft_dirty) history_.soft_dirty.Insert(mm, vpn);
  }
}

void Referee::CheckNoSilentAccess(const AbstractPage& page, Access access, AccessMode mode) {
  // A forced access to a VMA that permits nothing cannot be delivered to anybody.
  if (mode == AccessMode::kForce && !page.accessible) return;
  if (history_.armed.Contains(page.mm, page.vpn)) {
    Report(InvariantId::kNoSilentAccess, page.mm, page.vpn,
           "an access completed while the page was armed");
  }
  if (access == Access::kWrite && history_.guarded.Contains(page.mm, page.vpn)) {
    Report(InvariantId::kNoSilentAccess, page.mm, page.vpn,
           "a write completed while the page was write-protected");
  }
}

void Referee::OnMessage(TaskId task, MmId mm, Vpn vpn, std::uint64_t flags) {
  CheckNoPhantom(task, mm, vpn, flags);
  std::erase_if(retries_, [&](const Retries& r) { return r.task == task; });
  // Who goes to sleep now was not there when the page's waiters were woken.
  // It sleeps at the address that was reported, a huge page's first one for instance.
  source_.Sleepers(&sleepers_);
  for (const AbstractSleeper& sleeper : sleepers_) {
    if (sleeper.task != task) continue;
    const std::uint64_t key = FlatMap<int>::KeyOf(sleeper.mm, sleeper.vpn);
    history_.woken.Erase(key, key + 1);
  }
}

void Referee::CheckNoPhantom(TaskId task, MmId mm, Vpn vpn, std::uint64_t flags) {
  const auto began = std::find_if(retries_.begin(), retries_.end(),
                                  [&](const Retries& r) { return r.task == task; });
  const Retries then = began == retries_.end() ? Retries{} : *began;
  if ((flags & kMessageRwp) != 0 && !then.armed && !history_.armed.Contains(mm, vpn)) {
    Report(InvariantId::kNoPhantom, mm, vpn, "an RWP fault was delivered, the page is not armed");
  }
  if ((flags & kMessageWp) != 0 && !then.guarded && !history_.guarded.Contains(mm, vpn)) {
    Report(InvariantId::kNoPhantom, mm, vpn, "a WP fault was delivered, the page is not protected");
  }
}

void Referee::OnArm(MmId mm, Vpn first, Vpn last) {
  touched_ = true;
  for (Vpn vpn = first; vpn < last; ++vpn) {
    const AbstractPage page = source_.Page(mm, vpn);
    if (page.mode == TrackMode::kNone) continue;
    PageSet& promises = page.mode == TrackMode::kRwp ? history_.armed : history_.guarded;
    switch (page.backing) {
      case Backing::kResident:
      case Backing::kSwapped:
      case Backing::kMigrating:
      case Backing::kDevice: break;
      case Backing::kNothing:
      case Backing::kWpMarked:
        if (!page.keeps_markers) continue;
        break;
      case Backing::kPoisoned:
      case Backing::kGuarded: continue;
    }
    if (page.mode == TrackMode::kWp && !promises.Contains(mm, vpn)) protected_.Insert(mm, vpn);
    promises.Insert(mm, vpn);
  }
  history_.resolved.Erase(mm, first, last);
  history_.woken.Erase(FlatMap<int>::KeyOf(mm, first), FlatMap<int>::KeyOf(mm, last));
}

void Referee::OnWake(CtxId ctx, Vpn first, Vpn last) {
  history_.resolved.ForEach([&](MmId mm, Vpn vpn) {
    if (first <= vpn && vpn < last && source_.Page(mm, vpn).ctx == ctx) {
      history_.woken.Set(FlatMap<int>::KeyOf(mm, vpn), ctx.value);
    }
  });
}

void Referee::Lose(PageSet* promises, MmId mm, Vpn first, Vpn last, Cause cause) {
  const LossRow& row = LossOf(cause);
  if (EndsPromise(cause) && row.verdict == LossVerdict::kLegal) {
    promises->Erase(mm, first, last);
    return;
  }
  std::vector<Vpn> lost;
  promises->ForEach(mm, first, last, [&](Vpn vpn) {
    const AbstractPage page = source_.Page(mm, vpn);
    // What its owner discards under RWP is not armed any more; what reclaim takes stays so.
    const bool discarded = cause == Cause::kZap && page.mode == TrackMode::kRwp;
    if (!EndsPromise(cause) && !discarded && IsTrapping(StateOf(page))) return;
    lost.push_back(vpn);
    if (page.mode == TrackMode::kWp && page.marks_survive && Empties(cause) &&
        !EndsPromise(cause) && cause != Cause::kGuard && page.backing == Backing::kNothing) {
      Report(InvariantId::kNoLossWithoutReason, mm, vpn,
             "file memory under WP keeps its protection when the page goes");
      return;
    }
    if (row.verdict == LossVerdict::kLegal) return;
    findings_.push_back({.cause = cause, .mm = mm, .vpn = vpn, .path = path_, .step = step_});
    if (strictness_ == Strictness::kIdeal) {
      Report(InvariantId::kNoLossWithoutReason, mm, vpn, row.sentence);
    }
  });
  for (const Vpn vpn : lost) promises->Erase(mm, vpn, vpn + 1);
}

// What was known of the contents of a range is not true any more.
void Referee::Forget(MmId mm, Vpn first, Vpn last) {
  history_.contents.Erase(FlatMap<int>::KeyOf(mm, first), FlatMap<int>::KeyOf(mm, last));
  history_.soft_dirty.Erase(mm, first, last);
  history_.populated.Erase(mm, first, last);
}

// Who still sleeps in the range when its context gives it up will hear of no resolution.
void Referee::Abandon(MmId mm, Vpn first, Vpn last) {
  source_.Sleepers(&sleepers_);
  for (const AbstractSleeper& sleeper : sleepers_) {
    if (sleeper.mm != mm || sleeper.vpn < first || sleeper.vpn >= last) continue;
    // A mapping that was replaced may have left a sleeper of another context behind.
    if (source_.Page(mm, sleeper.vpn).ctx != sleeper.ctx) continue;
    history_.abandoned.Set(sleeper.task.value, sleeper.ctx.value);
  }
}

void Referee::OnLoss(MmId mm, Vpn first, Vpn last, Cause cause) {
  Lose(&history_.armed, mm, first, last, cause);
  Lose(&history_.guarded, mm, first, last, cause);
  if (cause == Cause::kMoveOut) {
    moved_written_.clear();
    history_.soft_dirty.ForEach(mm, first, last,
                                [&](Vpn vpn) { moved_written_.push_back(vpn - first); });
  }
  if (Empties(cause)) Forget(mm, first, last);
  if (cause == Cause::kHugeUnmap) unmapped_.Insert(mm, first, last);
  // UFFDIO_MOVE takes along that a page was written.
  if (cause == Cause::kMoveIn) {
    for (const std::uint64_t page : moved_written_) history_.soft_dirty.Insert(mm, first + page);
  }
  if (cause == Cause::kResolve) {
    touched_ = true;
    history_.resolved.Insert(mm, first, last);
  }
  if (cause == Cause::kUnregister) Abandon(mm, first, last);
}

void Referee::OnInherit(MmId from, Vpn first, Vpn last, MmId to, Vpn to_first) {
  for (PageSet* promises : {&history_.armed, &history_.guarded}) {
    std::vector<Vpn> inherited;
    promises->ForEach(from, first, last, [&](Vpn vpn) { inherited.push_back(vpn); });
    promises->Erase(to, to_first, to_first + (last - first));
    for (const Vpn vpn : inherited) promises->Insert(to, to_first + (vpn - first));
  }
}

void Referee::OnFileChange(FileId file, std::uint64_t first, std::uint64_t last) {
  history_.objects.Erase(ObjectOf(file, first), ObjectOf(file, last));
}

void Referee::OnClearSoftDirty(MmId mm) {
  history_.soft_dirty.Erase(mm, Vpn(0), Vpn(std::uint64_t{1} << 48));
}

void Referee::OnEndless(MmId mm, Vpn vpn) {
  Report(InvariantId::kNoRetryWithoutProgress, mm, vpn, "the call is tried again for ever");
}

void Referee::OnHint(MmId, Vpn, Vpn) { history_.hints = true; }

}  // namespace uffdsim
