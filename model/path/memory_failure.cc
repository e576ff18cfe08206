#include "model/path/memory_failure.h"

#include "model/mm/entry.h"
#include "model/path/fault.h"
#include "model/path/follow_page.h"
#include "model/path/hugetlb.h"
#include "model/path/migrate.h"
#include "model/path/paths.h"
#include "model/path/range.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/step_table.h"
#include "model/path/swap_out.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

struct InjectFrame {
  Vpn cur{};
  Vpn last{};
  Pfn pfn{};
  std::uint8_t faults = 0;  // of this page, in a row
};

enum InjectStep : std::uint8_t { kPage, kFaulted, kOffline, kMigrated };

// try_to_unmap_poisoned_hugetlb_one().
void UnmapHugetlb(World& w, Pfn head) {
  for (const Mapping& m : MappingsOf(w, head)) {
    const Vma& vma = *w.mm(m.mm).vmas.Find(m.vpn);
    const Vpn last = m.vpn + HugePages(w, vma);
    NotifyInvalidate(w, m.mm, m.vpn, last);
    SetHugeEntry(w, m.mm, vma, m.vpn, MakeHwPoison(*w.arch, head));
    w.steps->site.flush_poisoned(w, m.mm, m.vpn, last);
    EmitLoss(w, m.mm, m.vpn, last, Cause::kHwPoison);
    UnmapFrames(w, head, w.frames.Count(head));
  }
}

// The action-required signal of the process that consumed the error.
Next Killed(const World& w, Task& t, const InjectFrame& f) {
  t.outcome.status = Outcome::Status::kSignal;
  t.outcome.signal = "SIGBUS";
  t.outcome.signal_code = "MCEERR_AR";
  t.outcome.signal_at = AddressOf(w, f.cur);
  return Next::Return();
}

// get_user_pages_fast() of one page.
Next TakePage(World& w, Task& t, InjectFrame& f) {
  if (f.cur >= f.last) return Answer(t, Errno::kOk);
  const Vma* vma = w.mm(t.mm).vmas.Find(f.cur);
  if (vma == nullptr || GupCheckVma(*vma, 0) != Errno::kOk) return Answer(t, Errno::kEFAULT);
  const Followed page = FollowPage(w, t.mm, *vma, f.cur, 0);
  if (page.what == Follow::kPage) {
    f.pfn = page.pfn;
    f.faults = 0;
    return Next::Goto(kOffline);
  }
  PushFault(w, t, t.mm, AddressOf(w, f.cur), kFaultAllowRetry);
  return Next::Call(kFaulted);
}

Next Faulted(World&, Task& t, InjectFrame& f) {
  const Errno error = FaultErrno(t.fault, TellHwPoison::kNo);
  if (error != Errno::kOk) return Answer(t, error);
  return FaultsEndlessly(t, &f.faults) ? Next::Sleep(kPage) : Next::Goto(kPage);
}

Next Offline(World& w, Task& t, InjectFrame& f) {
  const Pfn head = w.frames.HeadOf(f.pfn);
  // The shared zero page belongs to nobody: "already poisoned or reserved" is no error here.
  if (w.frames[head].Has(kPgZero)) return Answer(t, Errno::kEBUSY);
  const std::uint64_t pages = w.frames.Count(head);
  if (t.op.advice == Advice::kSoftOffline) {
    t.isolated.clear();
    if (!IsolateForMigration(w, t, head)) return Answer(t, Errno::kEBUSY);
    PushMigrate(t, {.node = w.frames[head].node});
    f.cur = f.cur + pages;
    return Next::Call(kMigrated);
  }
  MemoryFailure(w, f.pfn);
  return Killed(w, t, f);
}

Next Migrated(World&, Task& t, InjectFrame&) {
  return t.value == 0 ? Next::Goto(kPage) : Answer(t, Errno::kEBUSY);
}

constexpr Step kSteps[] = {
    StepOf<InjectFrame, &TakePage>("take-page", kTouchVma | kTouchPte | kTouchFolio),
    StepOf<InjectFrame, &Faulted>("faulted", kTouchNothing),
    StepOf<InjectFrame, &Offline>("offline", kTouchMemory),
    StepOf<InjectFrame, &Migrated>("migrated", kTouchNothing),
};

}  // namespace

const Path kInjectErrorPath = {"inject_error", "mm/madvise.c madvise_inject_error()", kSteps};

void MemoryFailure(World& w, Pfn pfn) {
  const Pfn head = w.frames.HeadOf(pfn);
  if (w.frames[pfn].Has(kPgHwPoison) || w.frames[head].Has(kPgZero)) return;
  w.frames[pfn].flags |= kPgHwPoison;
  if (w.frames[head].Has(kPgHugetlb)) {
    ++w.frames[head].refs;
    UnmapHugetlb(w, head);
    return;
  }
  if (w.frames[head].order != 0 && !SplitFolio(w, head)) return;
  // The failed frame stays allocated for ever.
  ++w.frames[pfn].refs;
  TryToUnmap(w, pfn, Ttu::kHwPoison);
  w.frames[pfn].flags &= ~static_cast<std::uint32_t>(kPgLru);
}

void Start_hwpoison(World& w, Task& t) {
  if (!w.arch->HasHwPoison()) return Bad(t, "this kernel handles no memory failures");
  const NamedPages range = RangeOf(w, t.op);
  std::int64_t poisoned = 0;
  for (Vpn vpn = range.first; vpn < range.last; ++vpn) {
    const Pfn pfn = FrameAt(w, PageAt(w, t.mm, vpn));
    if (pfn == Pfn(0)) continue;
    MemoryFailure(w, pfn);
    if (w.frames[pfn].Has(kPgHwPoison)) ++poisoned;
  }
  Succeed(t, poisoned);
}

void PushInjectError(Task& t, Vpn first, Vpn last) {
  InjectFrame& f = PushPath<InjectFrame>(t, PathOf::k_inject_error);
  f.cur = first;
  f.last = last;
}

}  // namespace uffdsim
