#include "model/path/fork.h"

#include <algorithm>

#include "model/mm/entry.h"
#include "model/path/ksm.h"
#include "model/path/paths.h"
#include "model/path/pin.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/uffd_event.h"
#include "model/path/uffd_ioctl.h"

namespace uffdsim {
namespace {

constexpr VmFlags kVmCopyOnFork = kVmPfnmap | kVmMixedmap | kVmUffdWp | kVmUffdRwp | kVmMaybeGuard;
constexpr VmFlags kVmLockedMask = kVmLocked | kVmLockonfault;

bool Protected(const Vma& vma) { return vma.Has(kVmUffdWp | kVmUffdRwp); }

// vma_needs_copy(): what a fault fills again correctly is not copied. It is the child's VMA that
// may be WP or RWP.
bool NeedsCopy(const ForkedVma& v) { return v.dst->Has(kVmCopyOnFork) || v.src->anon_vma != 0; }

// --- one entry
// ---------------------------------------------------------------------------------------

// The parent's entry of a private mapping is shared from now on.
void WriteProtectParent(World& w, const ForkedVma& v, Vpn vpn, Word word) {
  if (!v.src->IsCow() || !w.arch->Write(Form::kPte, word)) return;
  w.mm(v.parent).table.SetPte(vpn, w.arch->WrProtect(Form::kPte, word));
}

void CopyPinnedPage(World& w, const ForkedVma& v, Vpn vpn, Word word) {
  const Content content = LookAtContent(w, w.arch->PfnOf(Form::kPte, word));
  const Pfn copy = NewAnonPage(w, *v.dst, vpn, content);
  MapFrames(w, copy, 1);
  w.mm(v.child).table.SetPte(vpn, ForkedPinned(w, v, copy, word));
}

// What __pte_batch_clear_ignored() leaves of a word for the comparison.
Word BatchKey(const World& w, const Vma& vma, Word word) {
  const Arch& arch = *w.arch;
  if (vma.Shared()) word = arch.MkClean(Form::kPte, word);
  if (!SoftDirtyEnabled(w, vma)) word = arch.ClearSoftDirty(Form::kPte, word);
  return arch.MkOld(Form::kPte, arch.WrProtect(Form::kPte, word));
}

// folio_pte_batch_flags(): how many entries from `vpn` on map consecutive pages of one large folio
// alike. All of them get the first one's bits; `word` becomes writable if any of them is.
std::uint64_t BatchLength(const World& w, const ForkedVma& v, Vpn vpn, Vpn last, Word* word) {
  const Arch& arch = *w.arch;
  const PageTable& table = w.mm(v.parent).table;
  const Pfn pfn = arch.PfnOf(Form::kPte, *word);
  const Pfn head = w.frames.HeadOf(pfn);
  const std::uint64_t limit =
      std::min<std::uint64_t>(last - vpn, head.value + w.frames.Count(head) - pfn.value);
  const Word key = BatchKey(w, *v.src, *word);
  std::uint64_t length = 1;
  bool writable = false;
  for (; length < limit; ++length) {
    const Word next = table.GetPte(vpn + length);
    if (!arch.Present(Form::kPte, next) ||
        BatchKey(w, *v.src, next) != arch.AdvancePfn(Form::kPte, key, length)) {
      break;
    }
    writable |= arch.Write(Form::kPte, next);
  }
  if (writable) *word = arch.MkWrite(Form::kPte, *word);
  return length;
}

void CopyOnePresent(World& w, const ForkedVma& v, Vpn vpn, Word word, Word first, std::uint64_t i) {
  const Word child = w.arch->AdvancePfn(Form::kPte, ForkedPresent(w, v, Form::kPte, first), i);
  WriteProtectParent(w, v, vpn, word);
  MapFrames(w, w.arch->PfnOf(Form::kPte, word), 1);
  w.mm(v.child).table.SetPte(vpn, child);
}

// copy_present_ptes(). Returns how many entries were copied.
std::uint64_t CopyPresent(World& w, const ForkedVma& v, Vpn vpn, Vpn last, Word word) {
  const Pfn pfn = w.arch->PfnOf(Form::kPte, word);
  const Page& folio = w.frames.Head(pfn);
  if (w.frames[pfn].Has(kPgZero)) {
    CopyOnePresent(w, v, vpn, word, word, 0);
    return 1;
  }
  const bool anon = folio.Has(kPgAnon);
  Word first = word;
  const std::uint64_t batch =
      folio.order != 0 && !FolioPinned(w, pfn) ? BatchLength(w, v, vpn, last, &first) : 1;
  for (std::uint64_t i = 0; i < batch; ++i) {
    const Word old_word = w.mm(v.parent).table.GetPte(vpn + i);
    if (anon && !TryShareAnon(w, w.arch->PfnOf(Form::kPte, old_word))) {
      CopyPinnedPage(w, v, vpn + i, old_word);
    } else {
      CopyOnePresent(w, v, vpn + i, old_word, first, i);
    }
  }
  return batch;
}

void CopySwap(World& w, const ForkedVma& v, Vpn vpn, Word word) {
  w.swap.Duplicate(SwapSlotOf(*w.arch, word));
  const Word shared = w.arch->SwpClearExclusive(word);
  w.mm(v.parent).table.SetPte(vpn, shared);
  w.mm(v.child).table.SetPte(vpn, ForkedSoftleaf(w, v, Form::kPte, shared));
}

// A writable or exclusive migration entry becomes a plain readable one in both processes.
void CopyMigration(World& w, const ForkedVma& v, Vpn vpn, Word word) {
  const Arch& arch = *w.arch;
  if (Classify(arch, Form::kPte, word) != EntryKind::kMigrationRead && v.dst->IsCow()) {
    Word readable =
        MakeMigration(arch, Form::kPte, MigrationAccess::kRead, SoftleafPfn(arch, Form::kPte, word),
                      MigrationAdOf(arch, Form::kPte, word));
    if (arch.SwpSoftDirty(Form::kPte, word)) readable = arch.SwpMkSoftDirty(Form::kPte, readable);
    if (arch.SwpUffd(Form::kPte, word)) readable = arch.SwpMkUffd(Form::kPte, readable);
    word = readable;
    w.mm(v.parent).table.SetPte(vpn, word);
  }
  w.mm(v.child).table.SetPte(vpn, ForkedSoftleaf(w, v, Form::kPte, word));
}

// Soft-dirty of a downgraded entry is lost, as in the kernel.
void CopyDevicePrivate(World& w, const ForkedVma& v, Vpn vpn, Word word) {
  const Arch& arch = *w.arch;
  const Pfn pfn = SoftleafPfn(arch, Form::kPte, word);
  TryShareAnon(w, pfn);
  MapFrames(w, pfn, 1);
  if (Classify(arch, Form::kPte, word) == EntryKind::kDevicePrivateWrite && v.dst->IsCow()) {
    Word readable = MakeDevicePrivate(arch, Form::kPte, false, pfn);
    if (arch.SwpUffd(Form::kPte, word)) readable = arch.SwpMkUffd(Form::kPte, readable);
    word = readable;
    w.mm(v.parent).table.SetPte(vpn, word);
  }
  w.mm(v.child).table.SetPte(vpn, ForkedSoftleaf(w, v, Form::kPte, word));
}

// restore_exclusive_pte(): the parent takes the page back first, then it is copied as a present
// one.
Word RestoredExclusive(const World& w, const ForkedVma& v, Word word) {
  const Arch& arch = *w.arch;
  const Pfn pfn = SoftleafPfn(arch, Form::kPte, word);
  Word present = arch.MkOld(Form::kPte, arch.Make(Form::kPte, pfn, v.src->page_prot));
  if (arch.SwpSoftDirty(Form::kPte, word)) present = arch.MkSoftDirty(Form::kPte, present);
  present = RestoreUffd(w, *v.src, Form::kPte, present, arch.SwpUffd(Form::kPte, word));
  if (!MayUpgrade(w, *v.src, Form::kPte, present)) return present;
  if (w.frames.Head(pfn).Has(kPgDirty)) present = arch.MkDirty(Form::kPte, present);
  return arch.MkWrite(Form::kPte, present);
}

// One entry that is not none; returns how many entries it stood for.
std::uint64_t CopyEntry(World& w, const ForkedVma& v, Vpn vpn, Vpn last, Word word) {
  switch (Classify(*w.arch, Form::kPte, word)) {
    case EntryKind::kNone: return 1;
    case EntryKind::kPresent: return CopyPresent(w, v, vpn, last, word);
    case EntryKind::kSwap: CopySwap(w, v, vpn, word); return 1;
    case EntryKind::kMigrationRead:
    case EntryKind::kMigrationReadExclusive:
    case EntryKind::kMigrationWrite: CopyMigration(w, v, vpn, word); return 1;
    case EntryKind::kDevicePrivateRead:
    case EntryKind::kDevicePrivateWrite: CopyDevicePrivate(w, v, vpn, word); return 1;
    case EntryKind::kDeviceExclusive: {
      const Word present = RestoredExclusive(w, v, word);
      w.mm(v.parent).table.SetPte(vpn, present);
      return CopyPresent(w, v, vpn, last, present);
    }
    case EntryKind::kHwPoison:
      w.mm(v.child).table.SetPte(vpn, ForkedSoftleaf(w, v, Form::kPte, word));
      return 1;
    case EntryKind::kMarker: w.mm(v.child).table.SetPte(vpn, ForkedMarker(w, v, word)); return 1;
  }
  return 1;
}

// --- ranges
// ------------------------------------------------------------------------------------------

void CopyPteTable(World& w, const ForkedVma& v, Vpn first, Vpn last) {
  PageTable& source = w.mm(v.parent).table;
  // The child gets a table even if nothing of it is copied.
  w.mm(v.child).table.EnsurePteTable(first);
  for (Vpn vpn = first; vpn < last;) {
    const Word word = source.GetPte(vpn);
    vpn = vpn + (w.arch->None(Form::kPte, word) ? 1 : CopyEntry(w, v, vpn, last, word));
  }
}

// --- VMAs
// --------------------------------------------------------------------------------------------

// A context of a forked process: made once per parent context.
struct DupContext {
  CtxId original{};
  CtxId copy{};
};

// dup_userfaultfd()
void DupUserfaultfd(World& w, MmId child, Vma* vma, std::vector<DupContext>* made) {
  if (vma->ctx == CtxId(0)) return;
  if (!w.ctx(vma->ctx).Has(kFeatureEventFork)) {
    const bool was_wp = vma->UffdWp();
    vma->ctx = CtxId(0);
    vma->flags &= ~kVmUffdFlags;
    if (was_wp && vma->Shared()) SetPageProt(w, *vma);
    EmitLoss(w, child, vma->start, vma->end, Cause::kForkChild);
    return;
  }
  const auto known = std::find_if(made->begin(), made->end(),
                                  [&](const DupContext& d) { return d.original == vma->ctx; });
  if (known != made->end()) {
    vma->ctx = known->copy;
    return;
  }
  const CtxId copy(static_cast<std::uint16_t>(w.contexts.size()));
  Context fresh;
  const Context& original = w.ctx(vma->ctx);
  fresh.initialised = original.initialised;
  fresh.user_mode_only = original.user_mode_only;
  fresh.features = original.features;
  fresh.parent = vma->ctx;
  fresh.mm = child;
  w.contexts.push_back(fresh);
  RaiseChanging(w, vma->ctx);
  made->push_back({vma->ctx, copy});
  vma->ctx = copy;
}

// Makes the child's slot in the table of address spaces. Contexts that still name a dead process of
// the same number keep naming a dead one.
void MakeMm(World& w, MmId child, MmId parent) {
  constexpr std::size_t kBeyondNamedProcesses = 64;
  while (w.mms.size() <= child.value) w.mms.emplace_back(*w.arch);
  MmId buried{};
  for (Context& ctx : w.contexts) {
    if (&ctx == &w.contexts[0] || ctx.mm != child) continue;
    if (buried == MmId(0)) {
      buried = MmId(static_cast<std::uint16_t>(std::max(w.mms.size(), kBeyondNamedProcesses)));
      while (w.mms.size() <= buried.value) w.mms.emplace_back(*w.arch);
    }
    ctx.mm = buried;
  }
  w.mm(child) = Mm(*w.arch);
  w.mm(child).alive = true;
  w.mm(child).parent = parent;
}

void DupVma(World& w, MmId parent, MmId child, const Vma& src, std::vector<DupContext>* made) {
  Vma dst = src;
  DupUserfaultfd(w, child, &dst, made);
  // hugetlb_dup_vma_private(): a child owns no reservation.
  dst.reserve_map = 0;
  dst.huge_pages_stolen = false;
  if (dst.Has(kVmWipeonfork)) {
    dst.anon_vma = 0;
    dst.anon_vma_shared = false;
  } else if (src.anon_vma != 0) {
    dst.anon_vma = w.mm(child).next_anon_vma++;
    dst.anon_vma_shared = true;
  }
  dst.flags &= ~kVmLockedMask;
  w.mm(child).vmas.Insert(dst);
  if (dst.Has(kVmWipeonfork)) return;
  CopyPageRange(w, {.parent = parent, .child = child, .src = &src, .dst = &dst});
  if (dst.ctx != CtxId(0)) EmitInherit(w, parent, src.start, src.end, child, dst.start);
}

// --- the path
// ----------------------------------------------------------------------------------------

struct ForkFrame {
  static constexpr std::size_t kMaxContexts = 8;
  MmId child{};
  std::uint8_t contexts = 0;
  std::array<DupContext, kMaxContexts> made{};
};

enum ForkStep : std::uint8_t { kDupMmap, kFlushParent, kReturnFromFork };

Next DupMmap(World& w, Task& t, ForkFrame& f) {
  f.child = t.op.target;
  MakeMm(w, f.child, t.mm);
  DupPins(w, t.mm, f.child);
  std::vector<DupContext> made;
  // By value: copying entries of the parent never changes its VMAs.
  const VmaTree::List vmas = w.mm(t.mm).vmas.list();
  for (const Vma& vma : vmas) {
    if (!vma.Has(kVmDontcopy)) DupVma(w, t.mm, f.child, vma, &made);
  }
  // ksm_fork(): the child of a process that the daemon scans is scanned too.
  const auto& slots = w.ksm.slots;
  if (std::any_of(slots.begin(), slots.end(),
                  [&](const KsmState::Slot& slot) { return slot.mm == t.mm; })) {
    KsmEnter(w, f.child);
  }
  UFFDSIM_CHECK(made.size() <= f.made.size());
  f.contexts = static_cast<std::uint8_t>(made.size());
  std::copy(made.begin(), made.end(), f.made.begin());
  return Next::Continue();
}

// The parent's entries lost write permission; then the locks are dropped and the events announced.
Next FlushParent(World& w, Task& t, ForkFrame& f) {
  const VmaTree::List& vmas = w.mm(t.mm).vmas.list();
  if (!vmas.empty()) FlushTlb(w, t.mm, vmas.front().start, vmas.back().end);
  if (f.contexts == 0) return Next::Continue();
  const ForkFrame mine = f;
  EventsFrame& events = PushPath<EventsFrame>(t, PathOf::k_uffd_event);
  for (std::uint8_t i = 0; i < mine.contexts; ++i) {
    EventsFrame::Item item;
    item.type = Message::Type::kFork;
    item.ctx = mine.made[i].original;
    item.child = mine.made[i].copy;
    events.Add(item);
  }
  return Next::Call(kReturnFromFork);
}

Next ReturnFromFork(World& w, Task& t, ForkFrame& f) {
  for (std::uint8_t i = 0; i < f.contexts; ++i) {
    // The parent's context went away before its message was read (userfaultfd_release_new()).
    if (!w.ctx(f.made[i].copy).open) CloseUffd(w, f.made[i].copy);
  }
  Succeed(t);
  t.outcome.child = f.child;
  return Next::Return();
}

constexpr Step kSteps[] = {
    StepOf<ForkFrame, &DupMmap>("dup_mmap",
                                kTouchVma | kTouchPte | kTouchFolio | kTouchSwap | kTouchCtx),
    StepOf<ForkFrame, &FlushParent>("flush_parent", kTouchTlb),
    StepOf<ForkFrame, &ReturnFromFork>("return", kTouchCtx),
};

}  // namespace

const Path kForkPath = {"fork", "mm/mmap.c dup_mmap()", kSteps};

Word ForkedPresent(const World& w, const ForkedVma& v, Form form, Word word) {
  const Arch& arch = *w.arch;
  // Sampled first: dropping PROT_NONE below may take the write bit of an unmarked word with it.
  const bool writable = arch.Write(form, word);
  if (!Protected(*v.dst)) {
    if (v.src->UffdRwp() && arch.Uffd(form, word)) word = arch.Modify(form, word, v.dst->page_prot);
    word = arch.ClearUffd(form, word);
  }
  if (v.src->IsCow() && writable) word = arch.WrProtect(form, word);
  if (v.src->Shared()) word = arch.MkClean(form, word);
  return arch.MkOld(form, word);
}

Word ForkedPinned(const World& w, const ForkedVma& v, Pfn copy, Word word) {
  const Arch& arch = *w.arch;
  Word made = arch.MkDirty(Form::kPte, arch.Make(Form::kPte, copy, v.dst->page_prot));
  if (v.dst->Has(kVmWrite)) made = arch.MkWrite(Form::kPte, made);
  return RestoreUffd(w, *v.dst, Form::kPte, made, Protected(*v.dst) && arch.Uffd(Form::kPte, word));
}

Word ForkedSoftleaf(const World& w, const ForkedVma& v, Form form, Word word) {
  return Protected(*v.dst) ? word : w.arch->SwpClearUffd(form, word);
}

Word ForkedMarker(const World& w, const ForkedVma& v, Word word) {
  const std::uint64_t source = MarkerOf(*w.arch, word);
  std::uint64_t marker = source & (kMarkerPoisoned | kMarkerGuard);
  if (v.dst->UffdWp()) marker |= source & kMarkerUffdWp;
  return marker == 0 ? w.arch->NoneWord(Form::kPte) : MakeMarker(*w.arch, marker);
}

bool TryShareAnon(World& w, Pfn pfn) {
  Page& page = w.frames[pfn];
  if (!page.Has(kPgAnonExclusive)) return true;
  if (FolioPinned(w, pfn)) return false;
  page.flags &= ~static_cast<std::uint32_t>(kPgAnonExclusive);
  return true;
}

void CopyPageRange(World& w, const ForkedVma& v) {
  if (!NeedsCopy(v)) return;
  if (v.src->IsCow()) NotifyInvalidate(w, v.parent, v.src->start, v.src->end);
  if (v.src->Hugetlb()) {
    CopyHugetlbRange(w, v);
    return;
  }
  PageTable& source = w.mm(v.parent).table;
  const std::uint64_t table_span = source.PagesPerEntry(2);
  for (Vpn vpn = v.src->start; vpn < v.src->end;) {
    const Vpn upper = std::min(Vpn((vpn.value | (table_span - 1)) + 1), v.src->end);
    if (!source.HasTableOf(1, vpn)) {
      vpn = upper;
      continue;
    }
    w.mm(v.child).table.EnsureTableOf(1, vpn);
    for (; vpn < upper;) {
      const Vpn next = std::min(Vpn((vpn.value | (source.PmdPages() - 1)) + 1), upper);
      if (w.arch->None(Form::kPmd, source.GetPmd(vpn)) || CopyPmd(w, v, vpn) == PmdCopy::kSplit) {
        if (source.HasPteTable(vpn)) CopyPteTable(w, v, vpn, next);
      }
      vpn = next;
    }
  }
}

void Start_fork(World& w, Task& t) {
  if (t.op.target.value < w.mms.size() && w.mm(t.op.target).alive) {
    Bad(t, "the process number is in use");
    return;
  }
  PushPath<ForkFrame>(t, PathOf::k_fork);
}

}  // namespace uffdsim
