#include "model/path/pagemap.h"

#include "model/mm/entry.h"
#include "model/path/hugetlb.h"

namespace uffdsim {
namespace {

bool HasFrame(EntryKind kind) {
  switch (kind) {
    case EntryKind::kMigrationRead:
    case EntryKind::kMigrationReadExclusive:
    case EntryKind::kMigrationWrite:
    case EntryKind::kDevicePrivateRead:
    case EntryKind::kDevicePrivateWrite:
    case EntryKind::kDeviceExclusive:
    case EntryKind::kHwPoison: return true;
    case EntryKind::kNone:
    case EntryKind::kPresent:
    case EntryKind::kSwap:
    case EntryKind::kMarker: return false;
  }
  return false;
}

std::uint64_t PresentWord(const World& w, const EntryAt& entry, Vpn vpn) {
  const Arch& arch = *w.arch;
  const Pfn pfn = FrameOf(w, entry, vpn);
  std::uint64_t flags = kPmPresent | pfn.value;
  if (arch.SoftDirty(entry.form, entry.word)) flags |= kPmSoftDirty;
  if (arch.Uffd(entry.form, entry.word)) flags |= kPmUffd;
  if (IsZeroMapping(w, entry)) return flags;
  if (!w.frames.Head(pfn).Has(kPgAnon)) flags |= kPmFile;
  // For every page of a PMD leaf the kernel looks at the head's map count.
  const Pfn counted = entry.level == 0 ? pfn : arch.PfnOf(entry.form, entry.word);
  if (w.frames[counted].mapcount == 1) flags |= kPmExclusive;
  return flags;
}

std::uint64_t SoftleafWord(const World& w, const EntryAt& entry) {
  const Arch& arch = *w.arch;
  std::uint64_t flags = kPmSwap;
  if (arch.SwpSoftDirty(entry.form, entry.word)) flags |= kPmSoftDirty;
  if (arch.SwpUffd(entry.form, entry.word)) flags |= kPmUffd;
  const EntryKind kind = Classify(arch, entry.form, entry.word);
  if (kind == EntryKind::kMarker) {
    const std::uint64_t marker = MarkerOf(arch, entry.word);
    if ((marker & kMarkerUffdWp) != 0) flags |= kPmUffd;
    if ((marker & kMarkerGuard) != 0) flags |= kPmGuard;
  } else if (HasFrame(kind) &&
             !w.frames.Head(SoftleafPfn(arch, entry.form, entry.word)).Has(kPgAnon)) {
    flags |= kPmFile;
  }
  return flags;
}

std::uint64_t HugetlbWord(const World& w, const EntryAt& entry, Vpn vpn) {
  const Arch& arch = *w.arch;
  if (!arch.Present(entry.form, entry.word)) {
    return SwpUffdAny(arch, entry.form, entry.word) ? kPmUffd : 0;
  }
  // Soft-dirty of the entry is not looked at, and sharing is a property of the whole folio.
  return PresentWord(w, entry, vpn) & ~kPmSoftDirty;
}

// mincore_page(): whether the file has the page in memory.
bool CachedInMemory(const World& w, const Vma& vma, Vpn vpn) {
  if (vma.Anonymous()) return false;
  const File& file = w.files[vma.file.value];
  std::uint64_t index = vma.IndexOf(vpn);
  // The cache of a hugetlb file is filled at the first index of each huge page.
  if (file.kind == FileKind::kHugetlb) index &= ~(HugePages(w, file.hstate) - 1);
  const CacheSlot slot = file.cache.Get(index);
  if (slot.is_frame()) return !w.frames.Head(slot.pfn()).Has(kPgFallocated);
  return slot.is_swap() && w.swap[slot.swap()].cache != Pfn(0);
}

}  // namespace

EntryAt FindEntry(const World& w, MmId mm, const Vma& vma, Vpn vpn) {
  const Arch& arch = *w.arch;
  const PageTable& table = w.mm(mm).table;
  if (vma.Hugetlb()) {
    const int level = LevelOf(vma.hstate);
    if (!HasHugeTable(w, mm, vma, vpn)) {
      return {.word = arch.NoneWord(Form::kPte),
              .form = Form::kPte,
              .level = std::min(level + 1, 2),
              .first = vpn};
    }
    return {.word = HugeEntry(w, mm, vma, vpn),
            .form = Form::kPte,
            .level = level,
            .exists = true,
            .first = HugeFirst(w, vma, vpn)};
  }
  const Word pmd = table.GetPmd(vpn);
  const Vpn huge_first(vpn.value & ~(table.PmdPages() - 1));
  if (!arch.None(Form::kPmd, pmd)) {
    return {.word = pmd, .form = Form::kPmd, .level = 1, .exists = true, .first = huge_first};
  }
  if (table.HasPteTable(vpn)) {
    return {
        .word = table.GetPte(vpn), .form = Form::kPte, .level = 0, .exists = true, .first = vpn};
  }
  return {.word = arch.NoneWord(Form::kPte),
          .form = Form::kPte,
          .level = table.HasTableOf(1, vpn) ? 1 : 2,
          .first = vpn};
}

bool IsZeroMapping(const World& w, const EntryAt& entry) {
  return w.frames[w.arch->PfnOf(entry.form, entry.word)].Has(kPgZero);
}

bool IsSwapEntry(const World& w, const EntryAt& entry) {
  return Classify(*w.arch, entry.form, entry.word) == EntryKind::kSwap;
}

bool SoftleafHasFrame(const World& w, const EntryAt& entry, Pfn* pfn) {
  if (!HasFrame(Classify(*w.arch, entry.form, entry.word))) return false;
  *pfn = SoftleafPfn(*w.arch, entry.form, entry.word);
  return true;
}

std::uint64_t PagemapWord(const World& w, const Vma& vma, const EntryAt& entry, Vpn vpn) {
  const Arch& arch = *w.arch;
  const std::uint64_t of_vma = vma.Has(kVmSoftdirty) ? kPmSoftDirty : 0;
  if (arch.None(entry.form, entry.word)) return of_vma;
  if (vma.Hugetlb()) return of_vma | HugetlbWord(w, entry, vpn);
  if (arch.Present(entry.form, entry.word)) return of_vma | PresentWord(w, entry, vpn);
  return of_vma | SoftleafWord(w, entry);
}

bool MincoreBit(const World& w, const Vma& vma, const EntryAt& entry, Vpn vpn) {
  const Arch& arch = *w.arch;
  const bool none = arch.None(entry.form, entry.word);
  const EntryKind kind = none ? EntryKind::kNone : Classify(arch, entry.form, entry.word);
  if (entry.level == 1 && entry.exists) {
    return !vma.Hugetlb() || (!none && kind != EntryKind::kMarker);
  }
  if (none || kind == EntryKind::kMarker) return CachedInMemory(w, vma, vpn);
  if (kind != EntryKind::kSwap) return true;
  return w.swap[SwapSlotOf(arch, entry.word)].cache != Pfn(0);
}

}  // namespace uffdsim
