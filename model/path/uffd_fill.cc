// UFFDIO_COPY, ZEROPAGE, CONTINUE, POISON.
//
// Mirrors: userfaultfd_copy() and its sisters, mfill_atomic(), mfill_atomic_install_pte() and the
//          mfill_atomic_pte_*() family of mm/userfaultfd.c.
// Marker:  with mode WP the new entry is write-protected and marked; without it a uffd-wp marker
// that
//          was there is overwritten and lost. Nothing installed here is ever armed for RWP.
#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/fault.h"
#include "model/path/hugetlb.h"
#include "model/path/hugetlb_fill.h"
#include "model/path/hw_walk.h"
#include "model/path/paths.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/step_table.h"
#include "model/path/uffd_ioctl.h"
#include "model/path/uffd_wait.h"

namespace uffdsim {
namespace {

bool BeyondEnd(World& w, const Vma& vma, Vpn vpn) {
  return !vma.Anonymous() && vma.IndexOf(vpn) >= w.file(vma.file).size;
}

// mfill_atomic_install_pte()
Errno InstallPte(World& w, MmId mm, Vma& vma, Vpn vpn, Pfn pfn, std::uint64_t mode) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(mm).table;
  if (BeyondEnd(w, vma, vpn)) return Errno::kEFAULT;
  const Word old_word = table.GetPte(vpn);
  if (!arch.None(Form::kPte, old_word) && !IsUffdMarker(arch, old_word)) return Errno::kEEXIST;
  const bool in_cache = !w.frames.Head(pfn).Has(kPgAnon);
  bool writable = vma.Has(kVmWrite);
  if (in_cache && !vma.Shared()) writable = false;
  const Word word = w.steps->site.filled_entry(w, vma, pfn, writable, mode);
  MapFrames(w, pfn, 1);
  table.SetPte(vpn, word);
  EmitFilled(w, mm, vpn, 1, mode);
  return Errno::kOk;
}

// A fresh page for the place: of the file for a shared mapping, anonymous otherwise.
Errno FillFresh(World& w, MmId mm, Vma& vma, Vpn vpn, Content content, std::uint64_t mode) {
  if (!vma.Shared()) {
    PrepareAnonVma(w, mm, vma);
    if (!PageAvailable(w)) return Errno::kENOMEM;
    const Pfn pfn = NewAnonPage(w, vma, vpn, content);
    const Errno error = InstallPte(w, mm, vma, vpn, pfn, mode);
    if (error != Errno::kOk) MaybeFreeFolio(w, pfn);
    return error;
  }
  const std::uint64_t index = vma.IndexOf(vpn);
  // shmem_mfill_filemap_add(): the charge beyond the end fails first, then the cache insertion.
  if (index >= w.file(vma.file).size) return Errno::kENOMEM;
  if (!w.file(vma.file).cache.Get(index).empty()) return Errno::kEEXIST;
  if (!PageAvailable(w)) return Errno::kENOMEM;
  const Pfn pfn = ShmemGetPage(w, vma.file, index, CacheMiss::kAllocate, vma.node());
  // The entry is dirty, the folio is not (yet).
  w.frames[pfn].content = content;
  EmitFileChange(w, vma.file, index, index + 1);
  const Errno error = InstallPte(w, mm, vma, vpn, pfn, mode);
  if (error == Errno::kOk) return error;
  w.file(vma.file).cache.Set(index, CacheSlot{});
  w.frames[pfn].file = FileId(0);
  MaybeFreeFolio(w, pfn);
  return error;
}

Errno FillZero(World& w, MmId mm, Vma& vma, Vpn vpn, std::uint64_t mode) {
  const Arch& arch = *w.arch;
  if (vma.Shared()) return FillFresh(w, mm, vma, vpn, 0, mode);
  if (BeyondEnd(w, vma, vpn)) return Errno::kEFAULT;
  PageTable& table = w.mm(mm).table;
  if (!arch.None(Form::kPte, table.GetPte(vpn))) return Errno::kEEXIST;
  table.SetPte(vpn,
               arch.MkSpecial(Form::kPte, arch.Make(Form::kPte, Frames::kZeroPage, vma.page_prot)));
  return Errno::kOk;
}

Errno FillContinue(World& w, MmId mm, Vma& vma, Vpn vpn, std::uint64_t mode) {
  if (vma.Anonymous()) return w.steps->site.continued_anon(w, mm, vma, vpn);
  if (BeyondEnd(w, vma, vpn)) return Errno::kEFAULT;
  const Pfn pfn = w.steps->site.continued_page(w, vma, vpn);
  if (pfn == Pfn(0)) return Errno::kEFAULT;
  if (w.frames[pfn].Has(kPgHwPoison)) return Errno::kEIO;
  return InstallPte(w, mm, vma, vpn, pfn, mode);
}

Errno FillPoison(World& w, MmId mm, const Vma& vma, Vpn vpn) {
  PageTable& table = w.mm(mm).table;
  if (BeyondEnd(w, vma, vpn)) return Errno::kEFAULT;
  if (!w.arch->None(Form::kPte, table.GetPte(vpn))) return Errno::kEEXIST;
  table.SetPte(vpn, MakeMarker(*w.arch, kMarkerPoisoned));
  return Errno::kOk;
}

std::uint64_t AllowedModes(FillOp op) {
  switch (op) {
    case FillOp::kCopy:
    case FillOp::kContinue: return kFillDontwake | kFillWp;
    case FillOp::kZeropage:
    case FillOp::kPoison: return kFillDontwake;
  }
  return 0;
}

// validate_unaligned_range() of the source.
bool SourceValid(const World& w, std::uint64_t source, std::uint64_t length) {
  const std::uint64_t task_size = TaskSize(w);
  return (length & PageMask(w)) == 0 && length != 0 && source < task_size &&
         length <= task_size - source;
}

// --- the path: page after page, the source of COPY faulted in if it must be
// ---------------------------

struct FillFrame {
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  std::uint64_t source = 0;
  std::uint64_t mode = 0;
  std::uint64_t done = 0;  // bytes
  Content content = 0;
  FillOp op{};
  bool from_memory = false;
  Pfn staged{};  // hugetlb: a folio that gathers the source, 0: none yet
  std::uint32_t staged_pages = 0;
  Errno error = Errno::kOk;
  std::uint8_t faults = 0;  // of this source page, in a row
};

enum FillStep : std::uint8_t { kSource, kSourceFaulted, kInstall, kFinish };

// The hugetlb VMA that is filled next; null when it is none.
const Vma* FillsHuge(const World& w, const Task& t, const FillFrame& f) {
  const Vma* vma = w.mm(w.ctx(t.op.ctx).mm).vmas.Find(VpnOf(w, f.start + f.done));
  return vma != nullptr && vma->Hugetlb() ? vma : nullptr;
}

// copy_folio_from_user(), one base page of it.
void StagePage(World& w, FillFrame& f, Hstate h, Content content) {
  if (f.staged == Pfn(0)) {
    f.staged = w.frames.Alloc(w.arch->HugeOrder(SizeOf(h)), 0);
    w.frames[f.staged].refs = 1;
  }
  w.frames[f.staged + f.staged_pages].content = content;
  ++f.staged_pages;
}

// Gets the content of the next source page, by copy_from_user().
Next ReadSource(World& w, Task& t, FillFrame& f) {
  if (f.done == f.length) return Next::Goto(kFinish);
  if (f.op != FillOp::kCopy || !f.from_memory) return Next::Goto(kInstall);
  const Vma* huge = FillsHuge(w, t, f);
  if (huge != nullptr && f.staged_pages == HugePages(w, *huge)) return Next::Goto(kInstall);
  if (huge != nullptr && f.staged_pages == 0) {
    f.error = HugetlbCopyReady(w, t.op.ctx, VpnOf(w, f.start + f.done));
    if (f.error != Errno::kOk) return Next::Goto(kFinish);
  }
  const std::uint64_t address = f.source + f.done + f.staged_pages * PageSize(w);
  const Vpn vpn = VpnOf(w, address);
  const Vma* vma = w.mm(t.mm).vmas.Find(vpn);
  Pfn pfn;
  if (vma != nullptr && HwTranslate(w, t.mm, *vma, vpn, Access::kRead, &pfn)) {
    f.content = LookAtContent(w, pfn);
    f.faults = 0;
    if (huge == nullptr) return Next::Goto(kInstall);
    StagePage(w, f, huge->hstate, f.content);
    return Next::Goto(kSource);
  }
  if (vma == nullptr || !VmaAllows(*vma, Access::kRead)) {
    f.error = Errno::kEFAULT;
    return Next::Goto(kFinish);
  }
  PushFault(w, t, t.mm, address, kFaultAllowRetry);
  return Next::Call(kSourceFaulted);
}

Next SourceFaulted(World&, Task& t, FillFrame& f) {
  if ((t.fault & ~(kVmFaultRetry | kFaultSlept)) != 0) {
    f.error = Errno::kEFAULT;
    return Next::Goto(kFinish);
  }
  return FaultsEndlessly(t, &f.faults) ? Next::Sleep(kSource) : Next::Goto(kSource);
}

Next Install(World& w, Task& t, FillFrame& f) {
  const Vpn vpn = VpnOf(w, f.start + f.done);
  const Context& ctx = w.ctx(t.op.ctx);
  const Vma* vma = w.mm(ctx.mm).vmas.Find(vpn);
  std::uint64_t unit = PageSize(w);
  if (vma != nullptr && vma->Hugetlb()) {
    unit *= HugePages(w, *vma);
    f.error = f.staged == Pfn(0) ? HugetlbFillPage(w, t.op.ctx, f.op, vpn, f.content, f.mode)
                                 : HugetlbCopyFolio(w, t.op.ctx, vpn, f.staged, f.mode);
    f.staged_pages = 0;
  } else {
    f.error = FillPage(w, t.op.ctx, f.op, vpn, f.content, f.mode);
  }
  if (f.error != Errno::kOk) return Next::Goto(kFinish);
  f.done += unit;
  return Next::Goto(kSource);
}

Next Finish(World& w, Task& t, FillFrame& f) {
  if (f.staged != Pfn(0)) w.frames.Free(f.staged);
  t.outcome.has_out = true;
  if (f.done == 0) {
    t.outcome.out_error = f.error;
    Fail(t, f.error);
    return Next::Return();
  }
  t.outcome.out_pages = static_cast<std::int64_t>(f.done / PageSize(w));
  if ((f.mode & kFillDontwake) == 0) WakeRange(w, t.op.ctx, f.start, f.done);
  if (f.done == f.length) {
    Succeed(t);
  } else {
    Fail(t, Errno::kEAGAIN);
  }
  return Next::Return();
}

constexpr Step kSteps[] = {
    StepOf<FillFrame, &ReadSource>("source", kTouchMemory | kTouchCtx),
    StepOf<FillFrame, &SourceFaulted>("source-faulted", kTouchNothing),
    StepOf<FillFrame, &Install>("install", kTouchMemory | kTouchCtx),
    StepOf<FillFrame, &Finish>("finish", kTouchCtx | kTouchTasks),
};

void StartFill(World& w, Task& t, FillOp op) {
  std::uint64_t mode = t.op.mode;
  if ((t.op.flags & kOpRawMode) == 0) {
    mode = ((t.op.flags & kOpDontwake) != 0 ? kFillDontwake : 0) |
           ((t.op.flags & kOpWp) != 0 ? kFillWp : 0);
  }
  // A page of bytes `value` lies in the caller's own buffer, which is always readable.
  const std::uint64_t source = t.op.copy_from_memory ? t.op.start2 : 0;
  bool field = false;
  const Errno error = FillCheck(w, t.op.ctx, op, t.op.start, t.op.length, source, mode, &field);
  if (error != Errno::kOk) {
    t.outcome.has_out = true;
    if (field) t.outcome.out_error = error;
    return Fail(t, error);
  }
  FillFrame& f = PushPath<FillFrame>(t, PathOf::k_uffd_fill);
  f.start = t.op.start;
  f.length = t.op.length;
  f.source = source;
  f.mode = mode;
  f.op = op;
  f.from_memory = t.op.copy_from_memory;
  if (op == FillOp::kCopy && !f.from_memory) {
    f.content = w.contents.Fill(static_cast<std::uint8_t>(t.op.value));
  }
}

}  // namespace

Word FilledEntry(const World& w, const Vma& vma, Pfn pfn, bool writable, std::uint64_t mode) {
  const Arch& arch = *w.arch;
  Word word = arch.MkDirty(Form::kPte, arch.Make(Form::kPte, pfn, vma.page_prot));
  if (writable) word = arch.MkWrite(Form::kPte, word);
  return (mode & kFillWp) != 0 ? arch.MkUffd(Form::kPte, word) : word;
}

bool ContinueTakes(const Vma& vma) { return !vma.Anonymous(); }
Errno ContinuedAnon(World&, MmId, Vma&, Vpn) { return Errno::kEINVAL; }

Pfn ContinuedPage(World& w, const Vma& vma, Vpn vpn) {
  return ShmemGetPage(w, vma.file, vma.IndexOf(vpn), CacheMiss::kLookOnly, vma.node());
}

void EmitFilled(World& w, MmId mm, Vpn first, std::uint64_t pages, std::uint64_t mode) {
  EmitLoss(w, mm, first, first + pages, Cause::kFill);
  if ((mode & kFillWp) != 0) EmitArm(w, mm, first, first + pages);
}

const Path kUffdFillPath = {"uffd_fill", "mm/userfaultfd.c mfill_atomic()", kSteps};

Errno FillCheck(World& w, CtxId id, FillOp op, std::uint64_t start, std::uint64_t length,
                std::uint64_t source, std::uint64_t mode, bool* field) {
  *field = false;
  const Context& ctx = w.ctx(id);
  if (!ctx.initialised) return Errno::kEINVAL;
  if (ctx.mmap_changing != 0) {
    *field = true;
    return Errno::kEAGAIN;
  }
  if (op == FillOp::kCopy && !SourceValid(w, source, length)) return Errno::kEINVAL;
  if (!RangeValid(w, start, length)) return Errno::kEINVAL;
  if ((mode & ~AllowedModes(op)) != 0) return Errno::kEINVAL;
  if (!w.mm(ctx.mm).alive) return Errno::kESRCH;
  *field = true;
  // mfill_get_vma(): one VMA, registered with whatever context.
  Vma* vma = w.mm(ctx.mm).vmas.Find(VpnOf(w, start));
  if (vma == nullptr) return Errno::kENOENT;
  // find_vma_and_prepare_anon(): before anything else is checked, and whatever is filled in, so
  // that even a poison marker alone makes fork copy a private mapping.
  if (!vma->Shared()) PrepareAnonVma(w, ctx.mm, *vma);
  if (VpnOf(w, start + length) > vma->end) return Errno::kENOENT;
  if (vma->ctx == CtxId(0)) return Errno::kENOENT;
  if ((mode & kFillWp) != 0 && !vma->UffdWp()) return Errno::kEINVAL;
  if (vma->Hugetlb()) return HugetlbFillCheck(w, op, *vma, start, length);
  if (op == FillOp::kContinue && !w.steps->site.continue_takes(*vma)) return Errno::kEINVAL;
  return Errno::kOk;
}

Errno FillPage(World& w, CtxId id, FillOp op, Vpn vpn, Content content, std::uint64_t mode) {
  const MmId mm = w.ctx(id).mm;
  Vma* vma = w.mm(mm).vmas.Find(vpn);
  if (vma == nullptr || vma->ctx == CtxId(0)) return Errno::kENOENT;
  PageTable& table = w.mm(mm).table;
  // mfill_establish_pmd(): never over a huge mapping.
  if (!w.arch->None(Form::kPmd, table.GetPmd(vpn))) return Errno::kEEXIST;
  if (!AllocPteTable(w, mm, vpn)) return Errno::kENOMEM;
  switch (op) {
    case FillOp::kCopy: return FillFresh(w, mm, *vma, vpn, content, mode);
    case FillOp::kZeropage: return FillZero(w, mm, *vma, vpn, mode);
    case FillOp::kContinue: return FillContinue(w, mm, *vma, vpn, mode);
    case FillOp::kPoison: return FillPoison(w, mm, *vma, vpn);
  }
  return Errno::kEINVAL;
}

Errno UffdCopyPage(World& w, CtxId id, std::uint64_t address, Content content, std::uint64_t mode) {
  bool field = false;
  const std::uint64_t size = PageSize(w);
  Errno error = FillCheck(w, id, FillOp::kCopy, address, size, 0, mode, &field);
  if (error == Errno::kOk) {
    error = FillPage(w, id, FillOp::kCopy, VpnOf(w, address), content, mode);
  }
  if (error == Errno::kOk && (mode & kFillDontwake) == 0) WakeRange(w, id, address, size);
  return error;
}

void Start_copy(World& w, Task& t) { StartFill(w, t, FillOp::kCopy); }
void Start_zeropage(World& w, Task& t) { StartFill(w, t, FillOp::kZeropage); }
void Start_continue(World& w, Task& t) { StartFill(w, t, FillOp::kContinue); }
void Start_poison(World& w, Task& t) { StartFill(w, t, FillOp::kPoison); }

}  // namespace uffdsim
