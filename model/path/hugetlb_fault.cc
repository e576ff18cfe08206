// Faults on hugetlb mappings.
//
// Mirrors: hugetlb_fault(), hugetlb_no_page(), hugetlb_wp(), unmap_ref_private() of mm/hugetlb.c.
// Marker:  PROT_NONE together with the bit is RWP, or a leftover that is cleared; PROT_NONE alone
//          means nothing here. Resolving never gives write permission back, so a private page takes
//          another fault. A uffd-wp marker becomes the bit of the new entry, and a marked page is
//          not copied.
#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/fault.h"
#include "model/path/huge.h"
#include "model/path/hugetlb.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"

namespace uffdsim {
namespace {

bool Writes(const FaultFrame& f) { return (f.flags & kFaultWrite) != 0; }
bool Unshares(const FaultFrame& f) { return (f.flags & kFaultUnshare) != 0; }

// set_huge_ptep_writable()
void SetWritable(World& w, const FaultFrame& f, const Vma& vma) {
  const Arch& arch = *w.arch;
  const Word old_word = HugeEntry(w, f.mm, vma, f.vpn);
  const Word word = arch.MkWriteNovma(Form::kPte, arch.MkDirty(Form::kPte, old_word));
  SetHugeEntry(w, f.mm, vma, f.vpn, arch.SetAccessFlags(Form::kPte, old_word, word));
}

// --- private copies ------------------------------------------------------------------------------
// Takes the folio away from the processes that got it by fork(): the owner must be able to write to
// what it reserved. They are killed if they come back.
void UnmapFromChildren(World& w, const FaultFrame& f, Pfn head) {
  for (const Mapping& m : MappingsOf(w, head)) {
    Vma& vma = *w.mm(m.mm).vmas.Find(m.vpn);
    if (m.mm == f.mm && m.vpn == HugeFirst(w, vma, f.vpn)) continue;
    if (vma.Has(kVmMayshare) || OwnsReservation(vma)) continue;
    vma.huge_pages_stolen = true;
    ZapRange(w, m.mm, vma, m.vpn, m.vpn + HugePages(w, vma), ZapMarkers::kKeep, Cause::kZap);
  }
}

bool CanReuse(const World& w, Pfn head) {
  return w.frames[head].mapcount == 1 && w.frames[head].Has(kPgAnon);
}

void Reuse(World& w, const FaultFrame& f, const Vma& vma, Pfn head) {
  w.frames[head].flags |= kPgAnonExclusive;
  if (!Unshares(f) && vma.Has(kVmWrite)) SetWritable(w, f, vma);
}

std::uint32_t Copy(World& w, const FaultFrame& f, Vma& vma, Word old_word, Pfn copy) {
  const Pfn source = w.arch->PfnOf(Form::kPte, old_word);
  const Vpn first = HugeFirst(w, vma, f.vpn);
  PrepareAnonVma(w, f.mm, vma);
  for (std::uint32_t i = 0; i < w.frames.Count(copy); ++i) {
    w.frames[copy + i].content = LookAtContent(w, source + i);
  }
  NotifyInvalidate(w, f.mm, first, first + HugePages(w, vma));
  MapNewAnonHuge(w, vma, f.vpn, copy);
  SetHugeEntry(w, f.mm, vma, f.vpn,
               w.steps->site.hugetlb_copied(w, vma, old_word, copy, Unshares(f)));
  w.steps->site.flush_hugetlb_copied(w, f.mm, first, first + HugePages(w, vma));
  UnmapFrames(w, source, w.frames.Count(source));
  return kVmFaultOk;
}

// hugetlb_wp(). `first_touch`: right after the page was populated.
std::uint32_t WriteOrUnshare(World& w, const FaultFrame& f, Vma& vma, bool first_touch) {
  const Word word = HugeEntry(w, f.mm, vma, f.vpn);
  if (!Unshares(f) && w.steps->site.hugetlb_stops_at_mark(w, word, first_touch)) return kVmFaultOk;
  if (vma.Has(kVmMayshare)) {
    SetWritable(w, f, vma);
    return kVmFaultOk;
  }
  const Pfn head = w.arch->PfnOf(Form::kPte, word);
  if (CanReuse(w, head)) {
    Reuse(w, f, vma, head);
    return kVmFaultOk;
  }
  const bool from_owner = OwnsReservation(vma) && w.frames[head].Has(kPgAnon);
  const Pfn copy = AllocHuge(w, vma, f.vpn, from_owner ? HugeCow::kFromOwner : HugeCow::kNo);
  if (copy != Pfn(0)) return Copy(w, f, vma, word, copy);
  if (!from_owner) return kVmFaultSigbus;
  UnmapFromChildren(w, f, head);
  if (!CanReuse(w, head)) return kVmFaultSigbus;
  Reuse(w, f, vma, head);
  return kVmFaultOk;
}

// --- empty entries -------------------------------------------------------------------------------
// A new folio, in the file's cache for a shared mapping; 0 when there is none.
Pfn NewFolio(World& w, const FaultFrame& f, Vma& vma) {
  if (!vma.Has(kVmMayshare)) PrepareAnonVma(w, f.mm, vma);
  const Pfn head = AllocHuge(w, vma, f.vpn, HugeCow::kNo);
  if (head != Pfn(0) && vma.Has(kVmMayshare)) {
    AddHugeToCache(w, vma.file, HugeIndex(w, vma, f.vpn), head);
  }
  return head;
}

// hugetlb_no_page()
std::uint32_t NoPage(World& w, FaultFrame& f, Vma& vma) {
  if (vma.huge_pages_stolen) return kVmFaultSigbus;
  const std::uint64_t index = HugeIndex(w, vma, f.vpn);
  Pfn head = CachedHuge(w, vma.file, index);
  if (head == Pfn(0)) {
    if (index >= w.file(vma.file).size / HugePages(w, vma)) return kVmFaultSigbus;
    if (vma.UffdMissing()) {
      f.reason = UffdReason::kMissing;
      return kFaultDeliver;
    }
    head = NewFolio(w, f, vma);
    if (head == Pfn(0)) return kVmFaultSigbus;
  } else {
    if (HugePoisoned(w, head)) return kVmFaultHwpoison;
    if (vma.UffdMinor()) {
      f.reason = UffdReason::kMinor;
      return kFaultDeliver;
    }
  }
  const bool cached = w.frames[head].file != FileId(0);
  if (cached) {
    MapHuge(w, head);
  } else {
    MapNewAnonHuge(w, vma, f.vpn, head);
  }
  SetHugeEntry(w, f.mm, vma, f.vpn, w.steps->site.hugetlb_populated(w, vma, head, f.orig));
  // Saves the second fault that a write would take.
  return Writes(f) && !vma.Shared() ? WriteOrUnshare(w, f, vma, true) : std::uint32_t{kVmFaultOk};
}

// --- present entries -----------------------------------------------------------------------------
void EmitResolved(World& w, const FaultFrame& f, const Vma& vma) {
  const Vpn first = HugeFirst(w, vma, f.vpn);
  EmitLoss(w, f.mm, first, first + HugePages(w, vma), Cause::kAsyncResolve);
}

std::uint32_t Rwp(World& w, FaultFrame& f, const Vma& vma) {
  if (vma.UffdRwp() && !w.ctx(vma.ctx).Has(kFeatureRwpAsync)) {
    f.reason = UffdReason::kRwp;
    return kFaultDeliver;
  }
  SetHugeEntry(w, f.mm, vma, f.vpn, w.steps->site.hugetlb_resolved(w, vma, f.orig));
  if (vma.UffdRwp()) EmitResolved(w, f, vma);
  return kVmFaultOk;
}

std::uint32_t PresentFault(World& w, FaultFrame& f, Vma& vma) {
  const Arch& arch = *w.arch;
  const bool marked = w.steps->site.hugetlb_marked(w, f.orig);
  if (marked && arch.Protnone(Form::kPte, f.orig) && vma.Accessible() &&
      w.steps->site.hugetlb_handles_protnone(vma)) {
    return Rwp(w, f, vma);
  }
  const bool writable = arch.Write(Form::kPte, f.orig);
  if (marked && Writes(f) && !writable && w.steps->site.hugetlb_clears_mark(vma)) {
    if (vma.UffdWp() && !w.ctx(vma.ctx).Has(kFeatureWpAsync)) {
      f.reason = UffdReason::kWp;
      return kFaultDeliver;
    }
    f.orig = w.steps->site.wp_resolved(w, f.orig);
    SetHugeEntry(w, f.mm, vma, f.vpn, f.orig);
    if (vma.UffdWp()) EmitResolved(w, f, vma);
  }
  if ((Writes(f) || Unshares(f)) && !writable) return WriteOrUnshare(w, f, vma, false);
  Word word = Writes(f) ? arch.MkDirty(Form::kPte, f.orig) : f.orig;
  word = arch.MkYoung(Form::kPte, word);
  if (word != f.orig) {
    const Access access = Writes(f) ? Access::kWrite : Access::kRead;
    SetHugeEntry(w, f.mm, vma, f.vpn, arch.SetAccessFlags(Form::kPte, f.orig, word, access));
  }
  return kVmFaultOk;
}

}  // namespace

Word HugetlbCopied(const World& w, const Vma& vma, Word word, Pfn copy, bool unshare) {
  const Word made =
      MakeHugeEntry(w, vma, copy, unshare ? HugeWrite::kNever : HugeWrite::kIfAllowed);
  return w.arch->Uffd(Form::kPte, word) ? w.arch->MkUffd(Form::kPte, made) : made;
}

Word HugetlbPopulated(const World& w, const Vma& vma, Pfn head, Word marker) {
  const Word word =
      MakeHugeEntry(w, vma, head, vma.Shared() ? HugeWrite::kIfAllowed : HugeWrite::kNever);
  const bool marked = vma.UffdWp() && IsUffdWpMarker(*w.arch, marker);
  return marked ? w.arch->MkUffd(Form::kPte, word) : word;
}

Word HugetlbResolved(const World& w, const Vma& vma, Word word) {
  word = w.steps->site.modified_huge(w, word, vma.page_prot);
  return w.arch->MkYoung(Form::kPte, w.arch->ClearUffd(Form::kPte, word));
}

bool HugetlbMarked(const World& w, Word word) { return w.arch->Uffd(Form::kPte, word); }
bool HugetlbHandlesProtnone(const Vma&) { return true; }
bool HugetlbClearsMark(const Vma&) { return true; }

bool HugetlbStopsAtMark(const World& w, Word word, bool) { return w.arch->Uffd(Form::kPte, word); }

std::uint32_t HugetlbFault(World& w, FaultFrame& f, Vma& vma) {
  const Arch& arch = *w.arch;
  if (!AllocHugeTable(w, f.mm, vma, f.vpn)) return kVmFaultOom;
  f.orig = HugeEntry(w, f.mm, vma, f.vpn);
  switch (Classify(arch, Form::kPte, f.orig)) {
    case EntryKind::kNone: return NoPage(w, f, vma);
    case EntryKind::kPresent: return PresentFault(w, f, vma);
    case EntryKind::kMarker:
      if ((MarkerOf(arch, f.orig) & kMarkerPoisoned) != 0) return kVmFaultHwpoison;
      return NoPage(w, f, vma);
    case EntryKind::kMigrationRead:
    case EntryKind::kMigrationReadExclusive:
    case EntryKind::kMigrationWrite: return kFaultWait;
    case EntryKind::kHwPoison: return kVmFaultHwpoison;
    case EntryKind::kSwap:
    case EntryKind::kDevicePrivateRead:
    case EntryKind::kDevicePrivateWrite:
    case EntryKind::kDeviceExclusive: return kVmFaultOk;  // never made for hugetlb
  }
  return kVmFaultOk;
}

}  // namespace uffdsim
