// Defects of hugetlb, and of what discarding leaves behind.
#include "model/defect/defects.h"
#include "model/mm/entry.h"

namespace uffdsim::defect {
namespace {

// The present accessor on a marker hits a bit of its payload.
Word MarkerAsPresent(const World& w, const Vma& vma, Form form, Word word, ProtOp op,
                     bool anon_page) {
  const bool marker = vma.Hugetlb() && MarkerOf(*w.arch, word) != 0;
  if (!marker) return ProtectNonpresent(w, vma, form, word, op, anon_page);
  return op == ProtOp::kWp ? w.arch->MkUffd(form, word) : w.arch->ClearUffd(form, word);
}

bool NoHole(ProtOp) { return false; }

bool StopsUnlessFirstTouch(const World& w, Word word, bool first_touch) {
  return !first_touch && HugetlbStopsAtMark(w, word, first_touch);
}

Word ModifiedWithoutSize(const World& w, Word word, Pgprot prot) {
  const Word size_bit = w.arch->MkHuge(w.arch->NoneWord(Form::kPte));
  return w.arch->Modify(Form::kPte, word, prot) & ~size_bit;
}

bool MarkerForAnyMark(const Vma& vma, ZapMarkers markers, bool marked) {
  return marked && markers == ZapMarkers::kKeep && !vma.Anonymous();
}

Word ZappedToMarker(const World& w, const Vma& vma, Word word, ZapMarkers markers) {
  Vma protecting = vma;
  protecting.flags |= kVmUffdWp;
  return HugetlbZapped(w, protecting, word, markers);
}

bool InRwpVmaOnly(const Vma& vma) { return vma.UffdRwp(); }
bool InWpVmaOnly(const Vma& vma) { return vma.UffdWp(); }

Word PopulatedByMarker(const World& w, const Vma& vma, Pfn head, Word marker) {
  const Word word = HugetlbPopulated(w, vma, head, w.arch->NoneWord(Form::kPte));
  return IsUffdWpMarker(*w.arch, marker) ? w.arch->MkUffd(Form::kPte, word) : word;
}

std::uint64_t BasePage(const World& w, const Vma&) {
  return std::uint64_t{1} << w.arch->geometry().page_shift;
}

Word ResolvedWithMark(const World& w, const Vma& vma, Word word) {
  return w.arch->MkUffd(Form::kPte, HugetlbResolved(w, vma, word));
}

}  // namespace

void HugetlbMarkerAsPresent(StepTable& table) {
  table.site.protected_nonpresent = &MarkerAsPresent;
}
void HugetlbHoleIgnored(StepTable& table) { table.site.hugetlb_protects_hole = &NoHole; }
void HugetlbFirstWriteBypassesWp(StepTable& table) {
  table.site.hugetlb_stops_at_mark = &StopsUnlessFirstTouch;
}
void HugetlbSizeBitLost(StepTable& table) { table.site.modified_huge = &ModifiedWithoutSize; }
void HugetlbZapLeavesMarker(StepTable& table) { table.site.hugetlb_zapped = &ZappedToMarker; }
void ZapLeavesMarkerForRwp(StepTable& table) { table.site.zap_leaves_marker = &MarkerForAnyMark; }
void HugetlbLeftoverLoops(StepTable& table) { table.site.hugetlb_handles_protnone = &InRwpVmaOnly; }
void HugetlbLeftoverWriteLoops(StepTable& table) { table.site.hugetlb_clears_mark = &InWpVmaOnly; }
void HugetlbMarkerOutsideWp(StepTable& table) { table.site.hugetlb_populated = &PopulatedByMarker; }
void HugetlbAddressUnmasked(StepTable& table) { table.site.reported_unit = &BasePage; }
void HugetlbResolveKeepsMark(StepTable& table) { table.site.hugetlb_resolved = &ResolvedWithMark; }

}  // namespace uffdsim::defect
