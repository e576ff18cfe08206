// Splitting the PMD mapping of a THP into a table of PTEs.
//
// Mirrors: __split_huge_pmd_locked() and __split_huge_zero_page_pmd() of mm/huge_memory.c.
// Marker:  the mark of the PMD goes to all PTEs, and PROT_NONE with it in an RWP VMA. A PROT_NONE
//          of NUMA hinting is not carried over. A file PMD has no mark: its mapping is erased.
#include "model/mm/entry.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

// The mapping of a page-cache folio goes; what the CPU knew of it moves to the folio.
void EraseFilePmd(World& w, MmId mm, Vpn first, Word pmd) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(mm).table;
  table.SetPmd(first, arch.NoneWord(Form::kPmd));
  EmitLoss(w, mm, first, first + table.PmdPages(), Cause::kHugeUnmap);
  if (!arch.Present(Form::kPmd, pmd)) return;
  const Pfn pfn = arch.PfnOf(Form::kPmd, pmd);
  if (w.frames[pfn].Has(kPgZero)) return;
  Page& folio = w.frames.Head(pfn);
  if (arch.Dirty(Form::kPmd, pmd)) folio.flags |= kPgDirty;
  if (arch.Young(Form::kPmd, pmd)) folio.flags |= kPgReferenced;
  UnmapFrames(w, pfn, static_cast<std::uint32_t>(table.PmdPages()));
}

// Exclusivity of the leaf is that of its first frame; as PTEs each frame has its own.
void SpreadExclusive(World& w, Pfn pfn, std::uint64_t pages) {
  if (!w.frames[pfn].Has(kPgAnonExclusive)) return;
  for (std::uint32_t i = 0; i < pages; ++i) w.frames[pfn + i].flags |= kPgAnonExclusive;
}

void FillTable(World& w, const Vma& vma, PageTable& table, Vpn first, Word pmd) {
  const Arch& arch = *w.arch;
  const std::uint64_t pages = table.PmdPages();
  if (!arch.Present(Form::kPmd, pmd)) {
    const Pfn pfn = SoftleafPfn(arch, Form::kPmd, pmd);
    for (std::uint32_t i = 0; i < pages; ++i) {
      table.SetPte(first + i, w.steps->site.split_softleaf(w, pmd, pfn + i));
    }
    return;
  }
  const Pfn pfn = arch.PfnOf(Form::kPmd, pmd);
  if (w.frames[pfn].Has(kPgZero)) {
    const Word pte = w.steps->site.split_zero(w, vma, pmd);
    for (std::uint64_t i = 0; i < pages; ++i) table.SetPte(first + i, pte);
    return;
  }
  if (arch.Dirty(Form::kPmd, pmd)) w.frames.Head(pfn).flags |= kPgDirty;
  SpreadExclusive(w, pfn, pages);
  const Word pte = w.steps->site.split_present(w, vma, pmd, pfn);
  for (std::uint64_t i = 0; i < pages; ++i) {
    table.SetPte(first + i, arch.AdvancePfn(Form::kPte, pte, i));
  }
}

}  // namespace

Word SplitPresent(const World& w, const Vma& vma, Word pmd, Pfn pfn) {
  const Arch& arch = *w.arch;
  Word pte = arch.Make(Form::kPte, pfn, vma.page_prot);
  if (arch.Write(Form::kPmd, pmd)) pte = arch.MkWrite(Form::kPte, pte);
  if (!arch.Young(Form::kPmd, pmd)) pte = arch.MkOld(Form::kPte, pte);
  if (arch.Dirty(Form::kPmd, pmd)) pte = arch.MkDirty(Form::kPte, pte);
  if (arch.SoftDirty(Form::kPmd, pmd)) pte = arch.MkSoftDirty(Form::kPte, pte);
  return w.steps->site.restore_uffd(w, vma, Form::kPte, pte, arch.Uffd(Form::kPmd, pmd));
}

Word SplitZero(const World& w, const Vma& vma, Word pmd) {
  const Arch& arch = *w.arch;
  const Word pte =
      arch.MkSpecial(Form::kPte, arch.Make(Form::kPte, Frames::kZeroPage, vma.page_prot));
  return w.steps->site.restore_uffd(w, vma, Form::kPte, pte, arch.Uffd(Form::kPmd, pmd));
}

Word SplitSoftleaf(const World& w, Word pmd, Pfn pfn) {
  const Arch& arch = *w.arch;
  Word pte = arch.NoneWord(Form::kPte);
  const MigrationAd ad = MigrationAdOf(arch, Form::kPmd, pmd);
  switch (Classify(arch, Form::kPmd, pmd)) {
    case EntryKind::kMigrationRead:
      pte = MakeMigration(arch, Form::kPte, MigrationAccess::kRead, pfn, ad);
      break;
    case EntryKind::kMigrationReadExclusive:
      pte = MakeMigration(arch, Form::kPte, MigrationAccess::kReadExclusive, pfn, ad);
      break;
    case EntryKind::kMigrationWrite:
      pte = MakeMigration(arch, Form::kPte, MigrationAccess::kWrite, pfn, ad);
      break;
    case EntryKind::kDevicePrivateRead:
      pte = MakeDevicePrivate(arch, Form::kPte, false, pfn);
      break;
    case EntryKind::kDevicePrivateWrite:
      pte = MakeDevicePrivate(arch, Form::kPte, true, pfn);
      break;
    case EntryKind::kNone:
    case EntryKind::kPresent:
    case EntryKind::kSwap:
    case EntryKind::kDeviceExclusive:
    case EntryKind::kHwPoison:
    case EntryKind::kMarker:
      UFFDSIM_CHECK(false);  // a PMD holds migration and device-private entries only
  }
  if (arch.SwpSoftDirty(Form::kPmd, pmd)) pte = arch.SwpMkSoftDirty(Form::kPte, pte);
  if (arch.SwpUffd(Form::kPmd, pmd)) pte = arch.SwpMkUffd(Form::kPte, pte);
  return pte;
}

void SplitPmd(World& w, MmId mm, const Vma& vma, Vpn vpn) {
  PageTable& table = w.mm(mm).table;
  const Word pmd = table.GetPmd(vpn);
  if (w.arch->None(Form::kPmd, pmd)) return;
  const Vpn first(vpn.value & ~(table.PmdPages() - 1));
  const Vpn last = first + table.PmdPages();
  NotifyInvalidate(w, mm, first, last);
  if (!vma.Anonymous() && !w.steps->site.splits_file_pmd(w, vma)) {
    EraseFilePmd(w, mm, first, pmd);
  } else {
    table.SetPmd(first, w.arch->NoneWord(Form::kPmd));
    table.EnsurePteTable(first);
    FillTable(w, vma, table, first, pmd);
  }
  w.steps->site.flush_split_pmd(w, mm, first, last);
}

bool MaySplitVma(const World& w, MmId mm, Vpn vpn) {
  const Vma* vma = w.mm(mm).vmas.Find(vpn);
  if (vma == nullptr || vma->start == vpn || !vma->Hugetlb()) return true;
  return (vpn.value & (w.arch->geometry().PagesPerEntry(LevelOf(vma->hstate)) - 1)) == 0;
}

void SplitVma(World& w, MmId mm, Vpn vpn) {
  const Vma* vma = w.mm(mm).vmas.Find(vpn);
  if (vma == nullptr || vma->start == vpn) return;
  if (!vma->Hugetlb() && PmdStart(w, vpn) != vpn) SplitPmd(w, mm, *vma, vpn);
  w.mm(mm).vmas.SplitAt(vpn);
}

}  // namespace uffdsim
