// The categories of entries, as PAGEMAP_SCAN reports them.
//
// Mirrors: pagemap_page_category(), pagemap_thp_category(), pagemap_hugetlb_category() of
//          fs/proc/task_mmu.c.
// Marker:  its absence is WRITTEN in a WP VMA and ACCESSED in an RWP VMA; nothing elsewhere.
#include "model/mm/entry.h"
#include "model/path/pagemap_scan.h"
#include "model/path/prot.h"
#include "model/path/step_table.h"

namespace uffdsim {
namespace {

std::uint64_t FileCategory(const World& w, Pfn pfn) {
  const Page& folio = w.frames.Head(pfn);
  return folio.Has(kPgAnon | kPgZero) ? 0 : std::uint64_t{kPageFile};
}

// A present word of any size; PAGE_IS_HUGE is the caller's.
std::uint64_t PresentCategories(const World& w, const Vma& vma, Form form, Word word) {
  const Arch& arch = *w.arch;
  const Pfn pfn = arch.PfnOf(form, word);
  std::uint64_t categories = kPagePresent;
  if (!w.steps->site.present_marked(w, form, word)) {
    categories |= w.steps->site.unmarked_categories(vma);
  }
  if (arch.SoftDirty(form, word)) categories |= kPageSoftDirty;
  if (w.frames[pfn].Has(kPgZero)) return categories | kPagePfnZero;
  return categories | FileCategory(w, pfn);
}

std::uint64_t SoftleafCategories(const World& w, const Vma& vma, Form form, Word word) {
  const Arch& arch = *w.arch;
  std::uint64_t categories = kPageSwapped;
  if (!w.steps->site.softleaf_marked(w, form, word)) {
    categories |= w.steps->site.unmarked_categories(vma);
  }
  if (arch.SwpSoftDirty(form, word)) categories |= kPageSoftDirty;
  const EntryKind kind = Classify(arch, form, word);
  if (kind == EntryKind::kMarker) {
    if (!vma.Hugetlb() && (MarkerOf(arch, word) & kMarkerGuard) != 0) categories |= kPageGuard;
  } else if (kind != EntryKind::kSwap && !vma.Hugetlb()) {
    categories |= FileCategory(w, SoftleafPfn(arch, form, word));
  }
  return categories;
}

}  // namespace

std::uint64_t UnmarkedCategories(const Vma& vma) {
  std::uint64_t categories = 0;
  if (vma.UffdWp()) categories |= kPageWritten;
  if (vma.UffdRwp()) categories |= kPageAccessed;
  return categories;
}

std::uint64_t NoneCategories(const Vma& vma) {
  return vma.UffdWp() ? std::uint64_t{kPageWritten} : 0;
}

std::uint64_t HoleCategories(const Vma& vma) { return NoneCategories(vma); }

bool PresentMarked(const World& w, Form form, Word word) { return w.arch->Uffd(form, word); }

bool SoftleafMarked(const World& w, Form form, Word word) {
  return SwpUffdAny(*w.arch, form, word);
}

std::uint64_t WordCategories(const World& w, const Vma& vma, Form form, Word word) {
  const Arch& arch = *w.arch;
  if (arch.None(form, word)) return w.steps->site.none_categories(vma);
  if (arch.Present(form, word)) return PresentCategories(w, vma, form, word);
  return SoftleafCategories(w, vma, form, word);
}

std::uint64_t HugetlbCategories(const World& w, const Vma& vma, Word word) {
  if (w.arch->None(Form::kPte, word)) return kPageHuge;
  return kPageHuge | WordCategories(w, vma, Form::kPte, word);
}

bool WpAllowed(const World& w, const Vma& vma) {
  return vma.ctx != CtxId(0) && w.ctx(vma.ctx).Has(kFeatureWpAsync) && UseMarkers(w, vma);
}

std::uint64_t VmaCategories(const World& w, const Vma& vma) {
  std::uint64_t categories = 0;
  if (WpAllowed(w, vma)) categories |= kPageWpAllowed;
  if (vma.Has(kVmSoftdirty)) categories |= kPageSoftDirty;
  return categories;
}

std::uint64_t PageCategories(const World& w, const Vma& vma, const EntryAt& entry) {
  const std::uint64_t of_vma = VmaCategories(w, vma);
  if (vma.Hugetlb()) {
    return entry.exists ? of_vma | HugetlbCategories(w, vma, entry.word) : of_vma;
  }
  const std::uint64_t huge = entry.exists && entry.level > 0 ? std::uint64_t{kPageHuge} : 0;
  return of_vma | huge | WordCategories(w, vma, entry.form, entry.word);
}

Word ScanProtectedPte(const Arch& arch, Word word) {
  if (arch.None(Form::kPte, word)) return MakeMarker(arch, kMarkerUffdWp);
  if (arch.Present(Form::kPte, word)) return arch.MkUffd(Form::kPte, word);
  return arch.SwpMkUffd(Form::kPte, word);
}

Word ScanProtectedPmd(const Arch& arch, Word word) {
  if (arch.Present(Form::kPmd, word)) return arch.MkUffd(Form::kPmd, word);
  const bool migration = IsMigration(Classify(arch, Form::kPmd, word));
  return migration ? arch.SwpMkUffd(Form::kPmd, word) : word;
}

Word ScanProtectedHugetlb(const Arch& arch, Word word) {
  if (arch.None(Form::kPte, word)) return MakeMarker(arch, kMarkerUffdWp);
  if (arch.Present(Form::kPte, word)) return arch.MkUffd(Form::kPte, word);
  const bool migration = IsMigration(Classify(arch, Form::kPte, word));
  return migration ? arch.SwpMkUffd(Form::kPte, word) : word;
}

}  // namespace uffdsim
