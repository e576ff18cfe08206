#include "model/path/mremap.h"

#include <algorithm>

#include "model/path/hugetlb.h"
#include "model/path/ksm.h"
#include "model/path/paths.h"
#include "model/path/populate.h"
#include "model/path/prot.h"
#include "model/path/start.h"
#include "model/path/step_table.h"
#include "model/path/thp.h"
#include "model/path/uffd_event.h"
#include "model/path/uffd_ioctl.h"
#include "model/path/zap.h"

namespace uffdsim {
namespace {

struct MremapFrame {
  // The current piece: several only when a plain move covers several VMAs.
  Vpn from{};
  Vpn to{};
  std::uint32_t old_pages = 0;
  std::uint32_t new_pages = 0;
  Vpn next{};  // where the next piece starts
  Vpn end{};   // of the whole source
  bool in_place = false;
  bool dontunmap = false;
  bool pieces = false;    // a plain move, VMA by VMA
  bool populate = false;  // locked memory grew
};

enum MremapStep : std::uint8_t {
  kNextPiece,
  kClearTarget,
  kBreakKsm,
  kCopyVma,
  kPieceMoved,
  kUnlocked,
  kAnnounceRemap,
  kAnnounceUnmap,
  kReturnFromMremap,
};

Next Finish(Task& t, Errno error) {
  if (error != Errno::kOk) Fail(t, error);
  return Next::Goto(kUnlocked);
}

// do_munmap() with its event: early for the destination, late for the source.
Errno Unmap(World& w, Task& t, Vpn first, Vpn last, UnmapTurn turn) {
  if (const Errno e = CheckUnmap(w, w.mm(t.mm), first, last); e != Errno::kOk) return e;
  PrepareUnmapEvents(w, t, first, last, turn);
  UnmapRegion(w, t.mm, first, last);
  return Errno::kOk;
}

bool WillMapNew(const MremapFrame& f) { return !f.in_place || f.new_pages > f.old_pages; }

// align_hugetlb(): lengths are rounded up, addresses must fit, nothing grows.
bool AlignHugetlb(const World& w, const Vma& vma, MremapFrame* f) {
  const auto mask = static_cast<std::uint32_t>(HugePages(w, vma) - 1);
  f->old_pages = (f->old_pages + mask) & ~mask;
  f->new_pages = (f->new_pages + mask) & ~mask;
  if ((f->from.value & mask) != 0 || (!f->in_place && (f->to.value & mask) != 0)) return false;
  return f->new_pages <= f->old_pages;
}

// check_prep_vma()
Errno CheckVma(const World& w, MmId mm, MremapFrame* f) {
  const Vma* vma = w.mm(mm).vmas.Find(f->from);
  if (vma == nullptr) return Errno::kEFAULT;
  if (vma->Has(kVmSealed)) return Errno::kEPERM;
  if (vma->Hugetlb() && !AlignHugetlb(w, *vma, f)) return Errno::kEINVAL;
  if (!WillMapNew(*f)) return Errno::kOk;
  // An empty old range would duplicate the mapping, which means nothing for a private one.
  if (f->old_pages == 0 && !vma->Has(kVmShared | kVmMayshare)) return Errno::kEINVAL;
  if (f->dontunmap && vma->Has(kVmDontexpand | kVmPfnmap)) return Errno::kEINVAL;
  const std::uint32_t moved = std::min(f->old_pages, f->new_pages);
  if (moved > vma->end - f->from) return Errno::kEFAULT;
  if (f->new_pages <= f->old_pages) return Errno::kOk;
  f->populate = vma->Has(kVmLocked);
  return vma->Has(kVmDontexpand | kVmPfnmap) ? Errno::kEFAULT : Errno::kOk;
}

// The part of remap_move() that picks the next VMA of a plain move. kOk with nothing left to do is
// told by `*done`.
Errno PickPiece(const World& w, MmId mm, MremapFrame* f, bool first, bool* done) {
  const VmaTree& vmas = w.mm(mm).vmas;
  const std::size_t i = vmas.LowerBound(f->next);
  *done = i == vmas.list().size() || vmas.list()[i].start >= f->end;
  if (*done) return first ? Errno::kEFAULT : Errno::kOk;
  const Vma& vma = vmas.list()[i];
  // No gap at the start.
  if (first && vma.start > f->next) return Errno::kEFAULT;
  const Vpn start = std::max(vma.start, f->next);
  const Vpn stop = std::min(vma.end, f->end);
  f->to = f->to + (start - f->from);
  f->from = start;
  f->old_pages = f->new_pages = static_cast<std::uint32_t>(stop - start);
  f->next = stop;
  if (vma.UffdArmed() && (!first || vma.end < f->end)) return Errno::kEFAULT;
  return Errno::kOk;
}

Next NextPiece(World& w, Task& t, MremapFrame& f) {
  if (f.pieces) {
    bool done = false;
    const bool first = f.old_pages == 0;
    if (const Errno e = PickPiece(w, t.mm, &f, first, &done); e != Errno::kOk) return Finish(t, e);
    if (done) return Next::Goto(kUnlocked);
  }
  if (const Errno e = CheckVma(w, t.mm, &f); e != Errno::kOk) return Finish(t, e);
  return Next::Goto(kClearTarget);
}

// expand_vma() without MAYMOVE: only over free space right behind the VMA.
Errno ExpandInPlace(World& w, MmId mm, const MremapFrame& f) {
  VmaTree& vmas = w.mm(mm).vmas;
  const std::size_t i = vmas.LowerBound(f.from);
  Vma& vma = vmas.list()[i];
  const std::uint64_t more = f.new_pages - f.old_pages;
  if (vma.end != f.from + f.old_pages) return Errno::kENOMEM;
  if (i + 1 < vmas.list().size() && vmas.list()[i + 1].start < vma.end + more) {
    return Errno::kENOMEM;
  }
  vma.end = vma.end + more;
  const Vpn end = vma.end;
  vmas.MergeAround(end, end);
  return Errno::kOk;
}

// mremap_at(), and the unmapping at the start of mremap_to().
Next ClearTarget(World& w, Task& t, MremapFrame& f) {
  if (f.in_place) {
    if (f.new_pages == f.old_pages) return Finish(t, Errno::kOk);
    if (f.new_pages > f.old_pages) return Finish(t, ExpandInPlace(w, t.mm, f));
    return Finish(t, Unmap(w, t, f.from + f.new_pages, f.from + f.old_pages, UnmapTurn::kLate));
  }
  Errno error = Unmap(w, t, f.to, f.to + f.new_pages, UnmapTurn::kEarly);
  if (error != Errno::kOk) return Finish(t, error);
  if (w.mm(t.mm).vmas.Find(f.from) == nullptr) return Finish(t, Errno::kEFAULT);
  if (f.new_pages < f.old_pages) {
    error = Unmap(w, t, f.from + f.new_pages, f.from + f.old_pages, UnmapTurn::kLate);
    if (error != Errno::kOk) return Finish(t, error);
    f.old_pages = f.new_pages;
  }
  return Next::Continue();
}

// KSM pages would turn up where nobody expects them.
Next BreakKsm(World& w, Task& t, MremapFrame& f) {
  const Vma& vma = *w.mm(t.mm).vmas.Find(f.from);
  t.error = Errno::kOk;
  if (!vma.Has(kVmMergeable) || vma.anon_vma == 0) return Next::Goto(kCopyVma);
  PushBreakKsm(t, t.mm, f.from, f.from + f.old_pages);
  return Next::Call(kCopyVma);
}

// copy_vma(): the VMA at the new place, merged with its neighbours where they fit. It still has the
// old one's context.
Vma* MakeNewVma(World& w, MmId mm, const Vma& old_vma, const MremapFrame& f) {
  Vma vma = old_vma;
  vma.start = f.to;
  vma.end = f.to + f.new_pages;
  vma.pgoff = Pgoff(old_vma.IndexOf(f.from));
  // A VMA without anonymous pages may be anywhere; its index follows its address.
  if (vma.Anonymous() && vma.anon_vma == 0) vma.pgoff = Pgoff(f.to.value);
  VmaTree& vmas = w.mm(mm).vmas;
  vmas.Insert(vma);
  if (w.steps->site.copied_vma_merges(w, old_vma)) vmas.MergeAround(vma.start, vma.end);
  return vmas.Find(f.to);
}

bool IsRemap(const Task::Announcement& event) {
  return event.message.type == Message::Type::kRemap;
}

// mremap_userfaultfd_prep(). The event stands among those to be announced from now on, so that it
// is given up with them if the thread is killed.
void PrepareRemap(World& w, Task& t, Vma* vma, const MremapFrame& f) {
  if (vma->ctx == CtxId(0)) return;
  if (w.ctx(vma->ctx).Has(kFeatureEventRemap)) {
    RaiseChanging(w, vma->ctx);
    Task::Announcement event{.ctx = vma->ctx, .message = {}, .late = true};
    event.message.type = Message::Type::kRemap;
    event.message.address = AddressOf(w, f.from);
    event.message.to = AddressOf(w, f.to);
    event.message.length = f.old_pages * PageSize(w);
    const auto at = std::find_if(t.announcements.begin(), t.announcements.end(),
                                 [](const Task::Announcement& a) { return a.late; });
    t.announcements.insert(at, event);
    return;
  }
  const bool was_wp = vma->UffdWp();
  vma->ctx = CtxId(0);
  vma->flags &= ~kVmUffdFlags;
  if (was_wp && vma->Shared()) SetPageProt(w, *vma);
}

// dontunmap_complete(): the old VMA stays, empty and not locked.
void KeepSource(World& w, MmId mm, const MremapFrame& f) {
  Vma& vma = *w.mm(mm).vmas.Find(f.from);
  vma.flags &= ~(kVmLocked | kVmLockonfault);
  if (vma.start != f.from || vma.end != f.from + f.old_pages) return;
  vma.anon_vma = 0;
  vma.anon_vma_shared = false;
  if (vma.Anonymous()) vma.pgoff = Pgoff(vma.start.value);
}

// move_vma(): everything up to the events happens under the write lock.
Next CopyVma(World& w, Task& t, MremapFrame& f) {
  if (t.error != Errno::kOk) return Finish(t, t.error);
  VmaTree& vmas = w.mm(t.mm).vmas;
  const Vpn last = f.from + f.old_pages;
  if (f.dontunmap && vmas.Find(f.from)->Has(kVmLocked)) {
    SplitVma(w, t.mm, f.from);
    SplitVma(w, t.mm, last);
  }
  if (w.Chooses(ChoicePoint::k_fail_vma)) return Finish(t, Errno::kENOMEM);
  const Vma old_vma = *vmas.Find(f.from);
  const Vma new_vma = *MakeNewVma(w, t.mm, old_vma, f);
  const std::uint64_t moved = MovePageTables(w, t.mm, old_vma, new_vma, f.from, f.to, f.old_pages);
  if (moved < f.old_pages) {
    // copy_vma_and_data(): back they go, whose tables are still there, and the new VMA is unmapped.
    MovePageTables(w, t.mm, new_vma, old_vma, f.to, f.from, moved);
    Unmap(w, t, f.to, f.to + f.new_pages, UnmapTurn::kLate);
    return Finish(t, Errno::kENOMEM);
  }
  // fixup_hugetlb_reservations(): the new VMA is the owner now, even of what stays behind.
  vmas.Find(f.from)->reserve_map = 0;
  PrepareRemap(w, t, vmas.Find(f.to), f);
  if (f.dontunmap) {
    KeepSource(w, t.mm, f);
  } else if (f.old_pages != 0) {
    Unmap(w, t, f.from, last, UnmapTurn::kLate);
  }
  return Next::Continue();
}

Next PieceMoved(World&, Task&, MremapFrame& f) {
  return f.pieces && f.next < f.end ? Next::Goto(kNextPiece) : Next::Goto(kUnlocked);
}

// The locks are dropped. Locked memory that grew is populated, then the displaced mappings of the
// destination are announced.
Next Unlocked(World&, Task& t, MremapFrame& f) {
  const bool failed = t.outcome.status == Outcome::Status::kError;
  if (f.populate && !failed) {
    f.populate = false;
    const Vpn base = f.in_place ? f.from : f.to;
    PushPopulate(t, t.mm, base + f.old_pages, base + f.new_pages, PopulateKind::kMap);
    return Next::Call(kUnlocked);
  }
  return PushAnnouncements(t, UnmapTurn::kEarly) ? Next::Call(kAnnounceRemap)
                                                 : Next::Goto(kAnnounceRemap);
}

Next AnnounceRemap(World& w, Task& t, MremapFrame&) {
  const auto event = std::find_if(t.announcements.begin(), t.announcements.end(), &IsRemap);
  if (event == t.announcements.end()) return Next::Goto(kAnnounceUnmap);
  if (t.outcome.status == Outcome::Status::kError) {
    w.steps->site.remap_failed(w, event->ctx);
    t.announcements.erase(event);
    return Next::Goto(kAnnounceUnmap);
  }
  // The early ones are through.
  event->late = false;
  PushAnnouncements(t, UnmapTurn::kEarly);
  return Next::Call(kAnnounceUnmap);
}

Next AnnounceUnmap(World&, Task& t, MremapFrame&) {
  return PushAnnouncements(t, UnmapTurn::kLate) ? Next::Call(kReturnFromMremap)
                                                : Next::Goto(kReturnFromMremap);
}

Next ReturnFromMremap(World&, Task& t, MremapFrame&) {
  if (t.outcome.status != Outcome::Status::kError) Succeed(t);
  return Next::Return();
}

constexpr Step kSteps[] = {
    StepOf<MremapFrame, &NextPiece>("check", kTouchVma),
    StepOf<MremapFrame, &ClearTarget>("clear_target", kTouchMemory | kTouchCtx),
    StepOf<MremapFrame, &BreakKsm>("break_ksm", kTouchVma),
    StepOf<MremapFrame, &CopyVma>("move_vma", kTouchMemory | kTouchCtx),
    StepOf<MremapFrame, &PieceMoved>("moved", kTouchNothing),
    StepOf<MremapFrame, &Unlocked>("unlocked", kTouchNothing),
    StepOf<MremapFrame, &AnnounceRemap>("announce_remap", kTouchCtx),
    StepOf<MremapFrame, &AnnounceUnmap>("announce_unmap", kTouchCtx),
    StepOf<MremapFrame, &ReturnFromMremap>("return", kTouchNothing),
};

// check_mremap_params()
Errno CheckParams(const World& w, const Operation& op) {
  const std::uint64_t old_length = PageAlignUp(w, op.length);
  const std::uint64_t new_length = PageAlignUp(w, op.length2);
  const std::uint64_t task_size = TaskSize(w);
  if ((op.start & PageMask(w)) != 0) return Errno::kEINVAL;
  if (new_length == 0 || new_length > task_size) return Errno::kEINVAL;
  if ((op.flags & kOpInPlace) != 0) return Errno::kOk;
  if (op.start2 > task_size - new_length || (op.start2 & PageMask(w)) != 0) return Errno::kEINVAL;
  if ((op.flags & kOpDontunmap) != 0 && old_length != new_length) return Errno::kEINVAL;
  const bool overlaps = op.start + old_length > op.start2 && op.start2 + new_length > op.start;
  return overlaps ? Errno::kEINVAL : Errno::kOk;
}

}  // namespace

void RemapFailed(World& w, CtxId ctx) { DropChanging(w, ctx); }

const Path kMremapPath = {"mremap", "mm/mremap.c do_mremap()", kSteps};

void Start_mremap(World& w, Task& t) {
  const Operation& op = t.op;
  if (const Errno e = CheckParams(w, op); e != Errno::kOk) return Fail(t, e);
  MremapFrame& f = PushPath<MremapFrame>(t, PathOf::k_mremap);
  f.from = VpnOf(w, op.start);
  f.to = (op.flags & kOpInPlace) != 0 ? f.from : VpnOf(w, op.start2);
  f.old_pages = static_cast<std::uint32_t>(VpnOf(w, PageAlignUp(w, op.length)).value);
  f.new_pages = static_cast<std::uint32_t>(VpnOf(w, PageAlignUp(w, op.length2)).value);
  f.in_place = (op.flags & kOpInPlace) != 0;
  f.dontunmap = (op.flags & kOpDontunmap) != 0;
  // A move without a change of size may cover several VMAs.
  f.pieces = !f.in_place && f.old_pages == f.new_pages;
  if (!f.pieces) return;
  f.next = f.from;
  f.end = f.from + f.old_pages;
  f.old_pages = 0;
}

}  // namespace uffdsim
