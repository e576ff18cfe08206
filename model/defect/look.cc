// Defects of those who look at entries: GUP, PAGEMAP_SCAN, collapse, fault-around.
#include "model/defect/defects.h"

namespace uffdsim::defect {
namespace {

bool FollowsUnlessHonoringHints(const Vma& vma, std::uint32_t gup) {
  return (gup & kGupHonorNuma) == 0 || !vma.Accessible();
}

bool MarkedAsIfPresent(const World& w, Form form, Word word) { return w.arch->Uffd(form, word); }

ScanVma RefusesRwp(const Vma& vma, bool wp_allowed, std::uint64_t flags) {
  const bool refused = vma.UffdRwp() && (flags & kScanWpMatching) != 0;
  return refused ? ScanVma::kRefuse : ScanOfVma(vma, wp_allowed, flags);
}

bool AroundUnlessWpOrMinor(const Vma& vma) { return !vma.UffdWp() && !vma.UffdMinor(); }

std::uint64_t NoneIsUnmarked(const Vma& vma) {
  return NoneCategories(vma) | (vma.UffdRwp() ? kPageWritten | kPageAccessed : std::uint64_t{0});
}

std::uint64_t WrittenAnywhere(const Vma& vma) { return UnmarkedCategories(vma) | kPageWritten; }

Word WithoutAd(const Arch& arch, Form form, Word word) {
  return arch.Present(form, word) ? arch.MkOld(form, arch.MkClean(form, word)) : word;
}
Word ProtectedStalePte(const Arch& arch, Word word) {
  return WithoutAd(arch, Form::kPte, ScanProtectedPte(arch, word));
}
Word ProtectedStaleHugetlb(const Arch& arch, Word word) {
  return WithoutAd(arch, Form::kPte, ScanProtectedHugetlb(arch, word));
}

std::uint64_t NothingToReport(const Vma&) { return 0; }

bool MarkedPresentCollapses(const World&, Word) { return false; }
bool AnyFileVmaCollapses(const Vma&) { return false; }

}  // namespace

void GupBypassesRwp(StepTable& table) {
  table.site.can_follow_protnone = &FollowsUnlessHonoringHints;
}
void ScanReadsSwapAsPresent(StepTable& table) { table.site.softleaf_marked = &MarkedAsIfPresent; }
void ScanRefusesRwpVma(StepTable& table) { table.site.scan_of_vma = &RefusesRwp; }
void FaultAroundInRwpVma(StepTable& table) {
  table.site.fault_around_allowed = &AroundUnlessWpOrMinor;
}
void ScanReportsNoneInRwpVma(StepTable& table) { table.site.none_categories = &NoneIsUnmarked; }
void ScanWrittenAnywhere(StepTable& table) { table.site.unmarked_categories = &WrittenAnywhere; }
void ScanDropsHugetlbDirty(StepTable& table) {
  table.site.scan_protected_hugetlb = &ProtectedStaleHugetlb;
}
void ScanDropsDirty(StepTable& table) { table.site.scan_protected_pte = &ProtectedStalePte; }
void ScanNoneIsClean(StepTable& table) { table.site.none_categories = &NothingToReport; }
void ScanHoleIsClean(StepTable& table) { table.site.hole_categories = &NothingToReport; }
void CollapseIgnoresMarks(StepTable& table) {
  table.site.collapse_refuses_present = &MarkedPresentCollapses;
}
void CollapseMapsRwpVma(StepTable& table) {
  table.site.collapse_refuses_file_vma = &AnyFileVmaCollapses;
}

}  // namespace uffdsim::defect
