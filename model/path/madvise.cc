// madvise(2): the walk over the VMAs, the flag changes, REMOVE events.
//
// Mirrors: do_madvise(), madvise_walk_vmas(), madvise_vma_behavior() of mm/madvise.c,
//          userfaultfd_remove() of mm/userfaultfd.c.
// Rules:   a hole in the range is reported as ENOMEM after the rest has been advised; an error of a
// VMA
//          ends the call, and what came before stays done. EVENT_REMOVE is sent before anything is
//          zapped, with the lock dropped; the VMA is looked up again afterwards.
#include "model/path/madvise.h"

#include <algorithm>
#include <optional>

#include "model/path/alloc.h"
#include "model/path/hugetlb.h"
#include "model/path/ksm.h"
#include "model/path/memory_failure.h"
#include "model/path/paths.h"
#include "model/path/populate.h"
#include "model/path/start.h"
#include "model/path/swap_out.h"
#include "model/path/thp.h"
#include "model/path/uffd_wait.h"
#include "model/path/zap.h"

namespace uffdsim {
namespace {

struct MadviseFrame {
  Vpn cur{};  // first page not yet advised
  Vpn last{};
  Vpn piece_end{};  // [cur, piece_end) is the part of the current VMA
  Vpn next{};       // where to go on
  // MADV_REMOVE holds the file, not the VMA, while the lock is dropped.
  FileId file{};
  std::uint64_t index = 0;
  Errno hole = Errno::kOk;
};

enum MadviseStep : std::uint8_t {
  kNextVma,
  kPieceDone,
  kRemoved,
  kUnmerged,
  kPopulated,
  kMigrated
};

// Does the advice discard what the process could not overwrite itself (is_discard())?
bool Discards(Advice advice) {
  switch (advice) {
    case Advice::kFree:
    case Advice::kDontneed:
    case Advice::kDontneedLocked:
    case Advice::kRemove:
    case Advice::kDontfork:
    case Advice::kWipeonfork:
    case Advice::kGuardInstall: return true;
    case Advice::kNormal:
    case Advice::kRandom:
    case Advice::kSequential:
    case Advice::kWillneed:
    case Advice::kCold:
    case Advice::kPageout:
    case Advice::kCollapse:
    case Advice::kHugepage:
    case Advice::kNohugepage:
    case Advice::kPopulateRead:
    case Advice::kPopulateWrite:
    case Advice::kGuardRemove:
    case Advice::kMergeable:
    case Advice::kUnmergeable:
    case Advice::kDofork:
    case Advice::kKeeponfork:
    case Advice::kHwpoison:
    case Advice::kSoftOffline:
    case Advice::kDontdump:
    case Advice::kDodump: return false;
  }
  return false;
}

// can_madvise_modify(): a sealed anonymous VMA that cannot be written keeps its content.
bool SealAllows(const Vma& vma, Advice advice) {
  return !vma.Has(kVmSealed) || !Discards(advice) || !vma.Anonymous() || vma.Has(kVmWrite);
}

// --- VMA flags
// ----------------------------------------------------------------------------------------- The
// flags that the advice gives the VMA; EINVAL when it does not apply to it.
Errno NewFlags(World& w, MmId mm, const Vma& vma, Advice advice, VmFlags* flags) {
  *flags = vma.flags;
  switch (advice) {
    case Advice::kNormal: *flags &= ~(kVmRandRead | kVmSeqRead); return Errno::kOk;
    case Advice::kSequential: *flags = (*flags & ~kVmRandRead) | kVmSeqRead; return Errno::kOk;
    case Advice::kRandom: *flags = (*flags & ~kVmSeqRead) | kVmRandRead; return Errno::kOk;
    case Advice::kDontfork: *flags |= kVmDontcopy; return Errno::kOk;
    case Advice::kDofork:
      if (vma.Has(kVmSpecial)) return Errno::kEINVAL;
      *flags &= ~kVmDontcopy;
      return Errno::kOk;
    case Advice::kWipeonfork:
      if (!vma.Anonymous() || vma.Shared() || vma.Hugetlb()) return Errno::kEINVAL;
      *flags |= kVmWipeonfork;
      return Errno::kOk;
    case Advice::kKeeponfork:
      if (vma.Has(kVmDroppable)) return Errno::kEINVAL;
      *flags &= ~kVmWipeonfork;
      return Errno::kOk;
    case Advice::kDontdump: *flags |= kVmDontdump; return Errno::kOk;
    case Advice::kDodump:
      if ((!vma.Hugetlb() && vma.Has(kVmSpecial)) || vma.Has(kVmDroppable)) return Errno::kEINVAL;
      *flags &= ~kVmDontdump;
      return Errno::kOk;
    case Advice::kHugepage: *flags = (*flags & ~kVmNohugepage) | kVmHugepage; return Errno::kOk;
    case Advice::kNohugepage: *flags = (*flags & ~kVmHugepage) | kVmNohugepage; return Errno::kOk;
    case Advice::kMergeable:
      if (vma.Has(kVmMergeable) || !KsmCompatible(vma)) return Errno::kOk;
      KsmEnter(w, mm);
      *flags |= kVmMergeable;
      return Errno::kOk;
    case Advice::kUnmergeable: *flags &= ~kVmMergeable; return Errno::kOk;
    case Advice::kWillneed:
    case Advice::kDontneed:
    case Advice::kDontneedLocked:
    case Advice::kFree:
    case Advice::kRemove:
    case Advice::kCold:
    case Advice::kPageout:
    case Advice::kCollapse:
    case Advice::kPopulateRead:
    case Advice::kPopulateWrite:
    case Advice::kGuardInstall:
    case Advice::kGuardRemove:
    case Advice::kHwpoison:
    case Advice::kSoftOffline: return Errno::kOk;
  }
  return Errno::kOk;
}

// madvise_update_vma(): nothing is split when nothing changes. ENOMEM becomes EAGAIN for the
// caller.
Errno UpdateVma(World& w, MmId mm, const MadviseFrame& f, VmFlags flags) {
  VmaTree& vmas = w.mm(mm).vmas;
  if (vmas.Find(f.cur)->flags == flags) return Errno::kOk;
  const Errno split = SplitOutVma(w, mm, f.cur, f.piece_end);
  if (split != Errno::kOk) return split == Errno::kENOMEM ? Errno::kEAGAIN : split;
  vmas.Find(f.cur)->flags = flags;
  vmas.MergeAround(f.cur, f.piece_end);
  return Errno::kOk;
}

// --- advice that needs more than one step
// ----------------------------------------------------------- userfaultfd_remove(): true when the
// caller must sleep until the event was read.
bool SendRemove(World& w, Task& t, const MadviseFrame& f, const Vma& vma) {
  if (vma.ctx == CtxId(0) || !w.ctx(vma.ctx).Has(kFeatureEventRemove)) return false;
  RaiseChanging(w, vma.ctx);
  Message message;
  message.type = Message::Type::kRemove;
  message.address = AddressOf(w, f.cur);
  message.length = AddressOf(w, f.piece_end) - message.address;
  return QueueEvent(w, t, vma.ctx, message);
}

// madvise_dontneed_free_valid_vma(); rounds the end of a hugetlb range down.
bool DontneedValid(const World& w, MadviseFrame& f, const Vma& vma, Advice advice) {
  if (!vma.Hugetlb()) {
    const VmFlags locked = advice == Advice::kDontneedLocked ? 0 : kVmLocked;
    return !vma.Has(kVmPfnmap | locked);
  }
  if (advice == Advice::kFree) return false;
  const std::uint64_t mask = HugePages(w, vma) - 1;
  if ((f.cur.value & mask) != 0) return false;
  f.piece_end = Vpn(f.piece_end.value & ~mask);
  return true;
}

Next StartDontneed(World& w, Task& t, MadviseFrame& f, const Vma& vma) {
  if (!DontneedValid(w, f, vma, t.op.advice)) return Answer(t, Errno::kEINVAL);
  if (f.cur == f.piece_end) return Next::Goto(kPieceDone);
  return SendRemove(w, t, f, vma) ? Next::Sleep(kRemoved) : Next::Goto(kRemoved);
}

Next StartRemove(World& w, Task& t, MadviseFrame& f, const Vma& vma) {
  if (vma.Has(kVmLocked) || vma.Anonymous()) return Answer(t, Errno::kEINVAL);
  if (!vma.Shared() || !vma.Has(kVmMaywrite)) return Answer(t, Errno::kEACCES);
  f.file = vma.file;
  f.index = vma.IndexOf(f.cur);
  return SendRemove(w, t, f, vma) ? Next::Sleep(kRemoved) : Next::Goto(kRemoved);
}

Next StartPageout(Task& t, MadviseFrame& f, const Vma& vma) {
  if (vma.Has(kVmLocked | kVmPfnmap | kVmHugetlb)) return Answer(t, Errno::kEINVAL);
  PushPageout(t, t.mm, f.cur, f.piece_end);
  return Next::Call(kPieceDone);
}

Next StartUnmerge(Task& t, MadviseFrame& f, const Vma& vma) {
  t.error = Errno::kOk;
  if (!vma.Has(kVmMergeable)) return Next::Goto(kPieceDone);
  if (vma.anon_vma == 0) return Next::Goto(kUnmerged);
  PushBreakKsm(t, t.mm, f.cur, f.piece_end);
  return Next::Call(kUnmerged);
}

// restart_syscall(): the call comes back as soon as it has returned. Here that is once after every
// operation, since nothing changes in between.
Next Restart(World& w, Task& t, Vpn vpn, Errno error) {
  if (error != Errno::kEAGAIN) return Answer(t, error);
  if (w.listener != nullptr) w.listener->OnEndless(t.mm, vpn);
  t.sleep = Task::Sleep::kNone;
  return Next::Sleep(kNextVma);
}

Next Simple(Task& t, Errno error) {
  return error == Errno::kOk ? Next::Goto(kPieceDone) : Answer(t, error);
}

// do_swap_page() waits where a page is under migration.
Next Collapse(World& w, Task& t, const MadviseFrame& f, Vma& vma) {
  const std::optional<Errno> error = CollapseRange(w, t.mm, vma, f.cur, f.piece_end);
  if (error) return Simple(t, *error);
  t.sleep = Task::Sleep::kMigration;
  return Next::Sleep(kMigrated);
}

// madvise_vma_behavior() for [f.cur, f.piece_end).
Next Advise(World& w, Task& t, MadviseFrame& f, Vma& vma) {
  if (!SealAllows(vma, t.op.advice)) return Answer(t, Errno::kEPERM);
  switch (t.op.advice) {
    case Advice::kDontneed:
    case Advice::kDontneedLocked:
    case Advice::kFree: return StartDontneed(w, t, f, vma);
    case Advice::kRemove: return StartRemove(w, t, f, vma);
    case Advice::kPageout: return StartPageout(t, f, vma);
    case Advice::kCold:
      if (vma.Has(kVmLocked | kVmPfnmap | kVmHugetlb)) return Answer(t, Errno::kEINVAL);
      return Simple(t, AdviseCold(w, t.mm, vma, f.cur, f.piece_end));
    case Advice::kWillneed: return Simple(t, AdviseWillneed(w, t.mm, vma, f.cur, f.piece_end));
    case Advice::kCollapse: return Collapse(w, t, f, vma);
    case Advice::kGuardInstall: {
      const Errno error = GuardInstall(w, t.mm, vma, f.cur, f.piece_end);
      return error == Errno::kOk ? Next::Goto(kPieceDone) : Restart(w, t, f.cur, error);
    }
    case Advice::kGuardRemove: return Simple(t, GuardRemove(w, t.mm, vma, f.cur, f.piece_end));
    case Advice::kUnmergeable: return StartUnmerge(t, f, vma);
    case Advice::kNormal:
    case Advice::kRandom:
    case Advice::kSequential:
    case Advice::kHugepage:
    case Advice::kNohugepage:
    case Advice::kMergeable:
    case Advice::kDontfork:
    case Advice::kDofork:
    case Advice::kWipeonfork:
    case Advice::kKeeponfork:
    case Advice::kDontdump:
    case Advice::kDodump: {
      VmFlags flags = 0;
      const Errno error = NewFlags(w, t.mm, vma, t.op.advice, &flags);
      if (error != Errno::kOk) return Answer(t, error);
      if (const Errno e = UpdateVma(w, t.mm, f, flags); e != Errno::kOk) return Answer(t, e);
      return Next::Goto(kPieceDone);
    }
    case Advice::kPopulateRead:
    case Advice::kPopulateWrite:
    case Advice::kHwpoison:
    case Advice::kSoftOffline: return Answer(t, Errno::kEINVAL);  // never reach the walk
  }
  return Answer(t, Errno::kEINVAL);
}

// --- steps
// ------------------------------------------------------------------------------------------------
Next NextVma(World& w, Task& t, MadviseFrame& f) {
  if (f.cur >= f.last) return Answer(t, f.hole);
  VmaTree& vmas = w.mm(t.mm).vmas;
  const std::size_t at = vmas.LowerBound(f.cur);
  if (at == vmas.list().size()) return Answer(t, Errno::kENOMEM);
  Vma& vma = vmas.list()[at];
  if (f.cur < vma.start) {
    f.hole = Errno::kENOMEM;
    f.cur = vma.start;
    if (f.cur >= f.last) return Answer(t, f.hole);
  }
  f.piece_end = std::min(vma.end, f.last);
  f.next = f.piece_end;
  return Advise(w, t, f, vma);
}

Next PieceDone(World&, Task&, MadviseFrame& f) {
  f.cur = f.next;
  return Next::Goto(kNextVma);
}

// Without the lock anything may have happened to the VMA since the event was queued.
Next Removed(World& w, Task& t, MadviseFrame& f) {
  t.sleep = Task::Sleep::kNone;
  if (t.op.advice == Advice::kRemove) {
    if (w.file(f.file).kind == FileKind::kRamfs) return Answer(t, Errno::kEOPNOTSUPP);
    PunchFile(w, f.file, f.index, f.index + (f.piece_end - f.cur));
    return Next::Goto(kPieceDone);
  }
  const Vma* vma = w.mm(t.mm).vmas.Find(f.cur);
  if (vma == nullptr) return Answer(t, Errno::kENOMEM);
  if (!DontneedValid(w, f, *vma, t.op.advice)) return Answer(t, Errno::kEINVAL);
  f.piece_end = std::min(f.piece_end, vma->end);
  if (f.piece_end < f.next && !vma->Hugetlb()) f.next = f.piece_end;
  if (f.cur >= f.piece_end) return Next::Goto(kPieceDone);
  if (t.op.advice == Advice::kFree) {
    return Simple(t, AdviseFree(w, t.mm, *vma, f.cur, f.piece_end));
  }
  ZapRange(w, t.mm, *vma, f.cur, f.piece_end, ZapMarkers::kKeep, Cause::kZap, ZapCowed::kZap,
           ZapTables::kReclaim);
  return Next::Goto(kPieceDone);
}

Next Unmerged(World& w, Task& t, MadviseFrame& f) {
  // ENOMEM of a flag change is told as EAGAIN.
  if (t.error != Errno::kOk) return Answer(t, Errno::kEAGAIN);
  const Vma* vma = w.mm(t.mm).vmas.Find(f.cur);
  if (vma == nullptr) return Next::Goto(kPieceDone);
  const Errno error = UpdateVma(w, t.mm, f, vma->flags & ~kVmMergeable);
  return error == Errno::kOk ? Next::Goto(kPieceDone) : Answer(t, error);
}

Next Populated(World&, Task& t, MadviseFrame&) { return Answer(t, t.error); }

// migration_entry_wait() returned.
Next Migrated(World&, Task& t, MadviseFrame&) {
  t.sleep = Task::Sleep::kNone;
  return Next::Goto(kNextVma);
}

constexpr Step kSteps[] = {
    StepOf<MadviseFrame, &NextVma>("vma", kTouchMemory | kTouchCtx),
    StepOf<MadviseFrame, &PieceDone>("piece-done", kTouchNothing),
    StepOf<MadviseFrame, &Removed>("zap", kTouchMemory),
    StepOf<MadviseFrame, &Unmerged>("unmerged", kTouchVma),
    StepOf<MadviseFrame, &Populated>("populated", kTouchNothing),
    StepOf<MadviseFrame, &Migrated>("migrated", kTouchTasks),
};

}  // namespace

const Path kMadvisePath = {"madvise", "mm/madvise.c do_madvise()", kSteps};

void Start_madvise(World& w, Task& t) {
  const std::uint64_t length = PageAlignUp(w, t.op.length);
  const bool bad = (t.op.start & PageMask(w)) != 0 || (t.op.length != 0 && length == 0) ||
                   t.op.start + length < t.op.start;
  if (bad) return (void)Answer(t, Errno::kEINVAL);
  if (t.op.length == 0) return Succeed(t);
  const Vpn first = VpnOf(w, t.op.start);
  const Vpn last = first + length / PageSize(w);
  if (t.op.advice == Advice::kHwpoison || t.op.advice == Advice::kSoftOffline) {
    PushInjectError(t, first, last);
    return;
  }
  MadviseFrame& f = PushPath<MadviseFrame>(t, PathOf::k_madvise);
  f.cur = first;
  f.last = last;
  if (t.op.advice == Advice::kPopulateRead || t.op.advice == Advice::kPopulateWrite) {
    t.top().step = kPopulated;
    PushPopulate(t, t.mm, first, last,
                 t.op.advice == Advice::kPopulateRead ? PopulateKind::kRead : PopulateKind::kWrite);
  }
}

}  // namespace uffdsim
