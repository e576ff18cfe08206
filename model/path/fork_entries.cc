// fork(): copying page-table entries, one kind after the other.
//
// Mirrors: copy_page_range() and below of mm/memory.c.
#include <algorithm>

#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/device.h"
#include "model/path/fork.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"

namespace uffdsim {
namespace {

constexpr VmFlags kVmCopyOnFork = kVmPfnmap | kVmMixedmap | kVmUffdWp | kVmUffdRwp | kVmMaybeGuard;

// --- one entry ---

// The parent's entry of a private mapping is shared from now on.
void WriteProtectParent(World& w, const ForkedVma& v, Vpn vpn, Word word) {
  if (!w.steps->site.fork_protects_parent(w, v, word)) return;
  w.mm(v.parent).table.SetPte(vpn, w.arch->WrProtect(Form::kPte, word));
}

bool CopyPinnedPage(World& w, const ForkedVma& v, Vpn vpn, Word word) {
  if (!PageAvailable(w)) return false;
  const Content content = LookAtContent(w, w.arch->PfnOf(Form::kPte, word));
  const Pfn copy = NewAnonPage(w, *v.dst, vpn, content);
  MapFrames(w, copy, 1);
  w.mm(v.child).table.SetPte(vpn, w.steps->site.forked_pinned(w, v, copy, word));
  return true;
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
  const Word child =
      w.arch->AdvancePfn(Form::kPte, w.steps->site.forked_present(w, v, Form::kPte, first), i);
  WriteProtectParent(w, v, vpn, word);
  MapFrames(w, w.arch->PfnOf(Form::kPte, word), 1);
  w.mm(v.child).table.SetPte(vpn, child);
}

// copy_present_ptes(). Returns how many entries were copied; 0 when there is no memory for one.
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
      if (!CopyPinnedPage(w, v, vpn + i, old_word)) return 0;
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
  w.mm(v.child).table.SetPte(vpn, w.steps->site.forked_softleaf(w, v, Form::kPte, shared));
}

// A writable or exclusive migration entry becomes a plain readable one in both processes.
void CopyMigration(World& w, const ForkedVma& v, Vpn vpn, Word word) {
  if (v.dst->IsCow()) {
    word = w.steps->site.forked_readable(w, Form::kPte, word);
    w.mm(v.parent).table.SetPte(vpn, word);
  }
  w.mm(v.child).table.SetPte(vpn, w.steps->site.forked_softleaf(w, v, Form::kPte, word));
}

void CopyDevicePrivate(World& w, const ForkedVma& v, Vpn vpn, Word word) {
  const Arch& arch = *w.arch;
  const Pfn pfn = SoftleafPfn(arch, Form::kPte, word);
  TryShareAnon(w, pfn);
  MapFrames(w, pfn, 1);
  if (v.dst->IsCow()) {
    word = w.steps->site.forked_readable(w, Form::kPte, word);
    w.mm(v.parent).table.SetPte(vpn, word);
  }
  w.mm(v.child).table.SetPte(vpn, w.steps->site.forked_softleaf(w, v, Form::kPte, word));
}

// One entry that is not none; returns how many entries it stood for, 0 when memory ran out.
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
      // The parent takes the page back first, then it is copied as a present one.
      const Pfn pfn = SoftleafPfn(*w.arch, Form::kPte, word);
      const Word present = w.steps->site.restored_exclusive(w, *v.src, word, pfn);
      w.mm(v.parent).table.SetPte(vpn, present);
      return CopyPresent(w, v, vpn, last, present);
    }
    case EntryKind::kHwPoison:
      w.mm(v.child).table.SetPte(vpn, w.steps->site.forked_softleaf(w, v, Form::kPte, word));
      return 1;
    case EntryKind::kMarker:
      w.mm(v.child).table.SetPte(vpn, w.steps->site.forked_marker(w, v, word));
      return 1;
  }
  return 1;
}

// --- ranges ---

Errno CopyPteTable(World& w, const ForkedVma& v, Vpn first, Vpn last) {
  PageTable& source = w.mm(v.parent).table;
  // The child gets a table even if nothing of it is copied.
  if (!AllocPteTable(w, v.child, first)) return Errno::kENOMEM;
  for (Vpn vpn = first; vpn < last;) {
    const Word word = source.GetPte(vpn);
    const std::uint64_t copied =
        w.arch->None(Form::kPte, word) ? 1 : CopyEntry(w, v, vpn, last, word);
    if (copied == 0) return Errno::kENOMEM;
    vpn = vpn + copied;
  }
  return Errno::kOk;
}

}  // namespace

bool ForkKeepsMarks(const ForkedVma& v) { return v.dst->Has(kVmUffdWp | kVmUffdRwp); }

bool ForkNeedsCopy(const ForkedVma& v) { return v.dst->Has(kVmCopyOnFork) || v.src->anon_vma != 0; }

bool ForkProtectsParent(const World& w, const ForkedVma& v, Word word) {
  return v.src->IsCow() && w.arch->Write(Form::kPte, word);
}

Word ForkedWithoutMark(const World& w, const ForkedVma& v, Form form, Word word) {
  const Arch& arch = *w.arch;
  if (v.src->UffdRwp() && arch.Uffd(form, word)) word = arch.Modify(form, word, v.dst->page_prot);
  return arch.ClearUffd(form, word);
}

Word ForkedPresent(const World& w, const ForkedVma& v, Form form, Word word) {
  const Arch& arch = *w.arch;
  // Sampled first: dropping PROT_NONE below may take the write bit of an unmarked word with it.
  const bool writable = arch.Write(form, word);
  if (!w.steps->site.fork_keeps_marks(v)) {
    word = w.steps->site.forked_without_mark(w, v, form, word);
  }
  if (v.src->IsCow() && writable) word = arch.WrProtect(form, word);
  if (v.src->Shared()) word = arch.MkClean(form, word);
  return arch.MkOld(form, word);
}

Word ForkedPinned(const World& w, const ForkedVma& v, Pfn copy, Word word) {
  const Arch& arch = *w.arch;
  Word made = arch.MkDirty(Form::kPte, arch.Make(Form::kPte, copy, v.dst->page_prot));
  if (v.dst->Has(kVmWrite)) made = arch.MkWrite(Form::kPte, made);
  return w.steps->site.restore_uffd(
      w, *v.dst, Form::kPte, made,
      w.steps->site.fork_keeps_marks(v) && arch.Uffd(Form::kPte, word));
}

Word ForkedSoftleaf(const World& w, const ForkedVma& v, Form form, Word word) {
  return w.steps->site.fork_keeps_marks(v) ? word : w.arch->SwpClearUffd(form, word);
}

Word ForkedMarker(const World& w, const ForkedVma& v, Word word) {
  const std::uint64_t source = MarkerOf(*w.arch, word);
  std::uint64_t marker = source & (kMarkerPoisoned | kMarkerGuard);
  if (v.dst->UffdWp() || w.steps->site.keeps_rwp_markers(w, *v.dst)) {
    marker |= source & kMarkerUffdWp;
  }
  return marker == 0 ? w.arch->NoneWord(Form::kPte) : MakeMarker(*w.arch, marker);
}

bool TryShareAnon(World& w, Pfn pfn) {
  Page& page = w.frames[pfn];
  if (!page.Has(kPgAnonExclusive)) return true;
  if (FolioPinned(w, pfn)) return false;
  page.flags &= ~static_cast<std::uint32_t>(kPgAnonExclusive);
  return true;
}

Errno CopyPageRange(World& w, const ForkedVma& v) {
  if (!w.steps->site.fork_needs_copy(v)) return Errno::kOk;
  if (v.src->IsCow()) NotifyInvalidate(w, v.parent, v.src->start, v.src->end);
  if (v.src->Hugetlb()) return CopyHugetlbRange(w, v);
  PageTable& source = w.mm(v.parent).table;
  const std::uint64_t table_span = source.PagesPerEntry(2);
  for (Vpn vpn = v.src->start; vpn < v.src->end;) {
    const Vpn upper = std::min(Vpn((vpn.value | (table_span - 1)) + 1), v.src->end);
    if (!source.HasTableOf(1, vpn)) {
      vpn = upper;
      continue;
    }
    if (!AllocPmdTable(w, v.child, vpn)) return Errno::kENOMEM;
    for (; vpn < upper;) {
      const Vpn next = std::min(Vpn((vpn.value | (source.PmdPages() - 1)) + 1), upper);
      if (w.arch->None(Form::kPmd, source.GetPmd(vpn)) || CopyPmd(w, v, vpn) == PmdCopy::kSplit) {
        const Errno error = source.HasPteTable(vpn) ? CopyPteTable(w, v, vpn, next) : Errno::kOk;
        if (error != Errno::kOk) return error;
      }
      vpn = next;
    }
  }
  return Errno::kOk;
}

}  // namespace uffdsim
