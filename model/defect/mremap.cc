// Defects of moving entries: mremap() and UFFDIO_MOVE.
#include "model/defect/defects.h"

namespace uffdsim::defect {
namespace {

template <Form kForm>
Word PresentKept(const World& w, const Vma& vma, MoveMarks marks, Form form, Word word) {
  return MovedPresent(w, vma, form == kForm ? MoveMarks::kKeep : marks, form, word);
}

Word SoftleafKept(const World& w, MoveMarks, Form form, Word word) {
  return MovedSoftleaf(w, MoveMarks::kKeep, form, word);
}

Word HugetlbKept(const World& w, const Vma& vma, MoveMarks, Word word) {
  return MovedHugetlb(w, vma, MoveMarks::kKeep, word);
}

bool AlwaysWholeTables(const World&, const Vma&, const Vma&) { return true; }

MoveMarks DropAlways(const World&, const Vma&) { return MoveMarks::kDrop; }

Word EveryPmdNormalised(const World& w, const Vma& vma, Form form, Word word) {
  if (form != Form::kPmd || !vma.UffdRwp()) return MovedWithoutMark(w, vma, form, word);
  return w.arch->ClearUffd(form, w.arch->Modify(form, word, vma.page_prot));
}

template <bool kHugetlb>
Word OnlyMarkCleared(const World& w, const Vma& vma, Form form, Word word) {
  if (vma.Hugetlb() != kHugetlb) return MovedWithoutMark(w, vma, form, word);
  return w.arch->ClearUffd(form, word);
}

bool MergesAlways(const World&, const Vma&) { return true; }

Word SwapAsIs(const World& w, const Vma&, Word source) {
  return w.arch->SwpMkSoftDirty(Form::kPte, source);
}
Word SwapWithoutSoftDirty(const World& w, const Vma& dst, Word source) {
  const Word moved = UffdMovedSwap(w, dst, source);
  return w.arch->SwpSoftDirty(Form::kPte, source) ? moved
                                                  : w.arch->SwpClearSoftDirty(Form::kPte, moved);
}
Word NotRearmed(const World&, const Vma&, Form, Word word) { return word; }
Word OnlyMarked(const World& w, const Vma& dst, Form form, Word word) {
  return dst.UffdRwp() ? w.arch->MkUffd(form, word) : word;
}
bool NeverRefuses(const World&, Pfn) { return false; }

}  // namespace

void MremapKeepsPresent(StepTable& table) { table.site.moved_present = &PresentKept<Form::kPte>; }
void MremapKeepsPmd(StepTable& table) { table.site.moved_present = &PresentKept<Form::kPmd>; }
void MremapKeepsSoftleaf(StepTable& table) { table.site.moved_softleaf = &SoftleafKept; }
void MremapKeepsHugetlb(StepTable& table) { table.site.moved_hugetlb = &HugetlbKept; }
void MremapMovesTables(StepTable& table) { table.site.moves_whole_tables = &AlwaysWholeTables; }
// The whole-table shortcut tests the same marks.
void MremapDropsMarks(StepTable& table) { table.site.marks_on_move = &DropAlways; }
void HugeMoveNormalises(StepTable& table) { table.site.moved_without_mark = &EveryPmdNormalised; }
void MoveLeavesProtnone(StepTable& table) {
  table.site.moved_without_mark = &OnlyMarkCleared<false>;
}
void HugetlbMoveLeavesProtnone(StepTable& table) {
  table.site.moved_without_mark = &OnlyMarkCleared<true>;
}
void MergeUnregistersNeighbour(StepTable& table) { table.site.copied_vma_merges = &MergesAlways; }
void MoveSwapNotArmed(StepTable& table) { table.site.uffd_moved_swap = &SwapAsIs; }
void MoveForgetsSoftDirty(StepTable& table) { table.site.uffd_moved_swap = &SwapWithoutSoftDirty; }
void MoveNotArmed(StepTable& table) { table.site.uffd_move_rearmed = &NotRearmed; }
void MoveArmedAccessible(StepTable& table) { table.site.uffd_move_rearmed = &OnlyMarked; }
void MovePinnedSource(StepTable& table) { table.site.uffd_move_refuses = &NeverRefuses; }

}  // namespace uffdsim::defect
