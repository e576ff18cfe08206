#include "model/path/uffd_move.h"

#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/paths.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/step_table.h"
#include "model/path/thp.h"
#include "model/path/uffd_ioctl.h"
#include "model/path/uffd_wait.h"

namespace uffdsim {
namespace {

struct UffdMoveFrame {
  Vpn dst{};
  Vpn src{};
  std::uint64_t pages = 0;
  std::uint64_t done = 0;
  std::uint64_t mode = 0;
  Errno error = Errno::kOk;
};

enum UffdMoveStep : std::uint8_t { kValidate, kMovePage, kFinish, kMigrated };

// One unit to move: both places, and how much is left.
struct Unit {
  MmId mm{};
  const Vma* dst_vma = nullptr;
  const Vma* src_vma = nullptr;
  Vpn dst{};
  Vpn src{};
  std::uint64_t left = 0;
  bool holes = false;
};

// Why a unit was not moved, or how many pages were.
struct Moved {
  Errno error = Errno::kOk;
  std::uint64_t pages = 0;
  bool again = false;  // something was split: look at the same place again
  bool waits = false;  // the same, once the migration of the source is over
};

Moved Refused(Errno error) { return {.error = error}; }
Moved Done(std::uint64_t pages) { return {.pages = pages}; }
Moved Again() { return {.again = true}; }
Moved Waits() { return {.waits = true}; }

// --- PTEs ---

Moved MovePresent(World& w, const Unit& u, Word word) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(u.mm).table;
  const Pfn pfn = arch.PfnOf(Form::kPte, word);
  if (w.frames[pfn].Has(kPgZero)) {
    table.SetPte(u.src, arch.NoneWord(Form::kPte));
    table.SetPte(u.dst, UffdMovedZero(w, *u.dst_vma));
    return Done(1);
  }
  if (!w.frames[pfn].Has(kPgAnonExclusive)) return Refused(Errno::kEBUSY);
  if (w.frames[pfn].order != 0) {
    return SplitFolio(w, w.frames.HeadOf(pfn)) ? Again() : Refused(Errno::kEBUSY);
  }
  if (w.steps->site.uffd_move_refuses(w, pfn)) return Refused(Errno::kEBUSY);
  table.SetPte(u.src, arch.NoneWord(Form::kPte));
  UffdMoveRehomes(w, *u.dst_vma, u.dst, pfn);
  table.SetPte(u.dst, UffdMovedPresent(w, *u.dst_vma, pfn, word));
  return Done(1);
}

Moved MoveSwap(World& w, const Unit& u, Word word) {
  if (!w.arch->SwpExclusive(word)) return Refused(Errno::kEBUSY);
  const Pfn cached = w.swap[SwapSlotOf(*w.arch, word)].cache;
  if (cached != Pfn(0)) {
    if (w.frames[cached].order != 0) return Refused(Errno::kEBUSY);
    w.steps->site.uffd_move_rehomes_cached(w, *u.dst_vma, u.dst, cached);
  }
  PageTable& table = w.mm(u.mm).table;
  table.SetPte(u.src, w.arch->NoneWord(Form::kPte));
  table.SetPte(u.dst, w.steps->site.uffd_moved_swap(w, *u.dst_vma, word));
  return Done(1);
}

// move_pages_ptes(), one page.
Moved MovePte(World& w, const Unit& u) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(u.mm).table;
  if (!arch.None(Form::kPte, table.GetPte(u.dst))) return Refused(Errno::kEEXIST);
  const Word word = table.GetPte(u.src);
  switch (Classify(arch, Form::kPte, word)) {
    case EntryKind::kNone: return u.holes ? Done(1) : Refused(Errno::kENOENT);
    case EntryKind::kPresent: return MovePresent(w, u, word);
    case EntryKind::kSwap: return MoveSwap(w, u, word);
    case EntryKind::kMigrationRead:
    case EntryKind::kMigrationReadExclusive:
    case EntryKind::kMigrationWrite: return Waits();
    case EntryKind::kDevicePrivateRead:
    case EntryKind::kDevicePrivateWrite:
    case EntryKind::kDeviceExclusive:
    case EntryKind::kHwPoison:
    case EntryKind::kMarker: return Refused(Errno::kEFAULT);
  }
  return Refused(Errno::kEFAULT);
}

// --- PMDs ---

// move_pages_huge_pmd()
Moved MovePmd(World& w, const Unit& u, Word word) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(u.mm).table;
  if (!arch.Present(Form::kPmd, word)) {
    return IsMigration(Classify(arch, Form::kPmd, word)) ? Waits() : Refused(Errno::kENOENT);
  }
  const Pfn pfn = arch.PfnOf(Form::kPmd, word);
  if (!w.frames[pfn].Has(kPgZero)) {
    if (!w.frames[pfn].Has(kPgAnonExclusive) || w.steps->site.uffd_move_refuses(w, pfn)) {
      return Refused(Errno::kEBUSY);
    }
    UffdMoveRehomes(w, *u.dst_vma, u.dst, pfn);
  }
  table.SetPmd(u.src, arch.NoneWord(Form::kPmd));
  table.SetPmd(u.dst, UffdMovedPmd(w, *u.dst_vma, word));
  return Done(table.PmdPages());
}

// The source is (a part of) a huge mapping.
Moved MoveOrSplitPmd(World& w, const Unit& u, Word word) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(u.mm).table;
  const std::uint64_t span = table.PmdPages();
  const bool splits = ((u.src.value | u.dst.value) & (span - 1)) != 0 || u.left < span;
  if (!splits && !table.HasPteTable(u.dst)) return MovePmd(w, u, word);
  if (arch.Present(Form::kPmd, word)) {
    const Page& head = w.frames[arch.PfnOf(Form::kPmd, word)];
    if (!head.Has(kPgZero) && !head.Has(kPgAnonExclusive)) return Refused(Errno::kEBUSY);
  }
  SplitPmd(w, u.mm, *u.src_vma, u.src);
  return Again();
}

// The body of the loop in move_pages().
Moved MoveUnit(World& w, const Unit& u) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(u.mm).table;
  if (!table.HasTableOf(1, u.src)) {
    if (!u.holes) return Refused(Errno::kENOENT);
    if (!AllocPmdTable(w, u.mm, u.src)) return Refused(Errno::kENOMEM);
  }
  if (!AllocPmdTable(w, u.mm, u.dst)) return Refused(Errno::kENOMEM);
  const Word dst_pmd = table.GetPmd(u.dst);
  if (!arch.None(Form::kPmd, dst_pmd) && arch.Present(Form::kPmd, dst_pmd)) {
    return Refused(Errno::kEEXIST);
  }
  const Word src_pmd = table.GetPmd(u.src);
  if (!arch.None(Form::kPmd, src_pmd)) return MoveOrSplitPmd(w, u, src_pmd);
  if (!table.HasPteTable(u.src)) {
    if (!u.holes) return Refused(Errno::kENOENT);
    if (!AllocPteTable(w, u.mm, u.src)) return Refused(Errno::kENOMEM);
  }
  // A destination that is migrating is as occupied as one that is mapped.
  if (!arch.None(Form::kPmd, dst_pmd)) return Refused(Errno::kEEXIST);
  if (!AllocPteTable(w, u.mm, u.dst)) return Refused(Errno::kENOMEM);
  return MovePte(w, u);
}

// --- checks ---

bool Compatible(const Vma& vma) {
  return !vma.Has(kVmPfnmap | kVmIo | kVmHugetlb | kVmMixedmap | kVmShadowStack);
}

// validate_move_areas(), and the range checks before it.
Errno CheckAreas(CtxId ctx, const UffdMoveFrame& f, const Vma& src, const Vma& dst) {
  if (src.Shared() || f.src + f.pages > src.end) return Errno::kEINVAL;
  if (dst.Shared() || f.dst + f.pages > dst.end) return Errno::kEINVAL;
  if (((src.flags ^ dst.flags) & kVmAccessFlags) != 0) return Errno::kEINVAL;
  if (src.page_prot != dst.page_prot) return Errno::kEINVAL;
  if (((src.flags ^ dst.flags) & kVmLocked) != 0) return Errno::kEINVAL;
  if (!src.Has(kVmWrite)) return Errno::kEINVAL;
  if (!Compatible(src) || !Compatible(dst)) return Errno::kEINVAL;
  if (dst.ctx != ctx) return Errno::kEINVAL;
  if (!src.Anonymous() || !dst.Anonymous()) return Errno::kEINVAL;
  return Errno::kOk;
}

// uffd_move_lock(): the VMAs, the destination ready for anonymous pages.
Errno FindVmas(World& w, MmId mm, const UffdMoveFrame& f, Vma** dst, Vma** src) {
  VmaTree& vmas = w.mm(mm).vmas;
  *dst = vmas.Find(f.dst);
  if (*dst == nullptr) return Errno::kENOENT;
  if (!(*dst)->Shared()) PrepareAnonVma(w, mm, **dst);
  *src = vmas.Find(f.src);
  return *src == nullptr ? Errno::kENOENT : Errno::kOk;
}

// --- the path ---

Next Validate(World& w, Task& t, UffdMoveFrame& f) {
  Vma* dst = nullptr;
  Vma* src = nullptr;
  f.error = FindVmas(w, t.mm, f, &dst, &src);
  if (f.error == Errno::kOk && w.ctx(t.op.ctx).mmap_changing != 0) f.error = Errno::kEAGAIN;
  if (f.error == Errno::kOk) f.error = CheckAreas(t.op.ctx, f, *src, *dst);
  if (f.error != Errno::kOk) return Next::Goto(kFinish);
  NotifyInvalidate(w, t.mm, f.src, f.src + f.pages);
  return Next::Continue();
}

// One page or one huge page, under both page-table locks; the source is flushed before they go.
Next MovePage(World& w, Task& t, UffdMoveFrame& f) {
  if (f.done == f.pages) return Next::Goto(kFinish);
  // The kernel keeps the VMAs locked from validate on; here somebody may have changed them.
  Vma* dst = nullptr;
  Vma* src = nullptr;
  f.error = FindVmas(w, t.mm, f, &dst, &src);
  if (f.error == Errno::kOk) f.error = CheckAreas(t.op.ctx, f, *src, *dst);
  if (f.error != Errno::kOk) return Next::Goto(kFinish);
  Unit u{.mm = t.mm,
         .dst_vma = dst,
         .src_vma = src,
         .dst = f.dst + f.done,
         .src = f.src + f.done,
         .left = f.pages - f.done,
         .holes = (f.mode & kMoveHoles) != 0};
  const Moved moved = MoveUnit(w, u);
  if (moved.error != Errno::kOk) {
    f.error = moved.error;
    return Next::Goto(kFinish);
  }
  if (moved.waits) {
    t.sleep = Task::Sleep::kMigration;
    return Next::Sleep(kMigrated);
  }
  w.steps->site.flush_moved(w, t.mm, u.src, u.src + moved.pages);
  EmitLoss(w, t.mm, u.src, u.src + moved.pages, Cause::kMoveOut);
  EmitLoss(w, t.mm, u.dst, u.dst + moved.pages, Cause::kMoveIn);
  if (u.dst_vma->UffdRwp()) EmitArm(w, t.mm, u.dst, u.dst + moved.pages);
  f.done += moved.pages;
  return Next::Goto(kMovePage);
}

Next Finish(World& w, Task& t, UffdMoveFrame& f) {
  if (f.done == 0) {
    t.outcome.out_error = f.error;
    Fail(t, f.error);
    return Next::Return();
  }
  t.outcome.out_pages = static_cast<std::int64_t>(f.done);
  if ((f.mode & kMoveDontwake) == 0) {
    WakeRange(w, t.op.ctx, AddressOf(w, f.dst), f.done * PageSize(w));
  }
  if (f.done == f.pages) {
    Succeed(t);
  } else {
    Fail(t, Errno::kEAGAIN);
  }
  return Next::Return();
}

// migration_entry_wait() returned.
Next Migrated(World&, Task& t, UffdMoveFrame&) {
  t.sleep = Task::Sleep::kNone;
  return Next::Goto(kMovePage);
}

constexpr Step kSteps[] = {
    StepOf<UffdMoveFrame, &Validate>("validate", kTouchVma | kTouchCtx),
    StepOf<UffdMoveFrame, &MovePage>("move_page", kTouchMemory),
    StepOf<UffdMoveFrame, &Finish>("finish", kTouchCtx | kTouchTasks),
    StepOf<UffdMoveFrame, &Migrated>("migrated", kTouchTasks),
};

// userfaultfd_move() before anything is looked up.
Errno CheckArgs(const World& w, const Task& t, std::uint64_t mode) {
  const Operation& op = t.op;
  const Context& ctx = w.ctx(op.ctx);
  if (ctx.mm != t.mm) return Errno::kEINVAL;
  if (!RangeValid(w, op.start, op.length)) return Errno::kEINVAL;
  if (!RangeValid(w, op.start2, op.length)) return Errno::kEINVAL;
  if ((mode & ~(kMoveDontwake | kMoveHoles)) != 0) return Errno::kEINVAL;
  return w.mm(ctx.mm).alive ? Errno::kOk : Errno::kESRCH;
}

}  // namespace

bool UffdMoveRefuses(const World& w, Pfn pfn) { return FolioPinned(w, pfn); }

void UffdMoveRehomes(World& w, const Vma& dst, Vpn vpn, Pfn pfn) {
  w.frames.Head(pfn).index = dst.IndexOf(vpn);
}

Word UffdMoveRearmed(const World& w, const Vma& dst, Form form, Word word) {
  if (!dst.UffdRwp()) return word;
  const Word none = w.arch->Modify(form, word, w.arch->PageNone());
  return w.arch->MkUffd(form, none);
}

const Path kUffdMovePath = {"uffd_move", "mm/userfaultfd.c move_pages()", kSteps};

Word UffdMovedPresent(const World& w, const Vma& dst, Pfn pfn, Word source) {
  const Arch& arch = *w.arch;
  Word word = arch.MkSoftDirty(Form::kPte, arch.Make(Form::kPte, pfn, dst.page_prot));
  if (arch.Dirty(Form::kPte, source)) word = arch.MkDirty(Form::kPte, word);
  return w.steps->site.uffd_move_rearmed(w, dst, Form::kPte, arch.MkWrite(Form::kPte, word));
}

Word UffdMovedZero(const World& w, const Vma& dst) {
  const Word word = w.arch->Make(Form::kPte, Frames::kZeroPage, dst.page_prot);
  return w.steps->site.uffd_move_rearmed(w, dst, Form::kPte, w.arch->MkSpecial(Form::kPte, word));
}

Word UffdMovedSwap(const World& w, const Vma& dst, Word source) {
  Word word = w.arch->SwpMkSoftDirty(Form::kPte, source);
  if (w.steps->site.move_drops_foreign_mark(w, dst)) word = w.arch->SwpClearUffd(Form::kPte, word);
  return dst.UffdRwp() ? w.arch->SwpMkUffd(Form::kPte, word) : word;
}

Word UffdMovedHugeZero(const World& w, Word word) { return w.arch->ClearUffd(Form::kPmd, word); }

Word UffdMovedPmd(const World& w, const Vma& dst, Word source) {
  const Arch& arch = *w.arch;
  const Pfn pfn = arch.PfnOf(Form::kPmd, source);
  if (w.frames[pfn].Has(kPgZero)) {
    // The old word moves, in the release with its PROT_NONE, without its mark.
    Word word = arch.MkSoftDirty(Form::kPmd, source);
    if (w.steps->site.move_remakes_huge_zero(w, dst)) {
      word = arch.Modify(Form::kPmd, word, dst.page_prot);
    }
    return w.steps->site.uffd_move_rearmed(w, dst, Form::kPmd,
                                           w.steps->site.uffd_moved_huge_zero(w, word));
  }
  const Word word = arch.MkDirty(Form::kPmd, arch.Make(Form::kPmd, pfn, dst.page_prot));
  return w.steps->site.uffd_move_rearmed(w, dst, Form::kPmd, arch.MkWrite(Form::kPmd, word));
}

void Start_move(World& w, Task& t) {
  const Operation& op = t.op;
  t.outcome.has_out = true;
  if (!w.ctx(op.ctx).initialised) return Fail(t, Errno::kEINVAL);
  if (w.ctx(op.ctx).mmap_changing != 0) {
    t.outcome.out_error = Errno::kEAGAIN;
    return Fail(t, Errno::kEAGAIN);
  }
  const std::uint64_t mode = (op.flags & kOpRawMode) != 0
                                 ? op.mode
                                 : ((op.flags & kOpDontwake) != 0 ? kMoveDontwake : 0) |
                                       ((op.flags & kOpHoles) != 0 ? kMoveHoles : 0);
  if (const Errno e = CheckArgs(w, t, mode); e != Errno::kOk) return Fail(t, e);
  UffdMoveFrame& f = PushPath<UffdMoveFrame>(t, PathOf::k_uffd_move);
  f.dst = VpnOf(w, op.start);
  f.src = VpnOf(w, op.start2);
  f.pages = op.length >> w.arch->geometry().page_shift;
  f.mode = mode;
}

}  // namespace uffdsim
