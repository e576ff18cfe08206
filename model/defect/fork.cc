// Defects of fork(): what the child's entries carry.
#include "model/defect/defects.h"

namespace uffdsim::defect {
namespace {

bool ParentIsProtected(const ForkedVma& v) { return v.src->Has(kVmUffdWp | kVmUffdRwp); }

Word SoftleafAsIs(const World&, const ForkedVma&, Form, Word word) { return word; }

Word SoftleafUnmarked(const World& w, const ForkedVma&, Form form, Word word) {
  return w.arch->SwpClearUffd(form, word);
}

Word PinnedUnmarked(const World& w, const ForkedVma& v, Pfn copy, Word word) {
  return ForkedPinned(w, v, copy, w.arch->ClearUffd(Form::kPte, word));
}

Word PinnedAccessible(const World& w, const ForkedVma& v, Pfn copy, Word word) {
  const Word made = PinnedUnmarked(w, v, copy, word);
  return w.arch->Uffd(Form::kPte, word) ? w.arch->MkUffd(Form::kPte, made) : made;
}

Word MarkerAsIs(const World&, const ForkedVma&, Word word) { return word; }

Word HugetlbAsIs(const World& w, const ForkedVma& v, Word word) {
  return v.src->IsCow() ? w.arch->WrProtect(Form::kPte, word) : word;
}

Word HugetlbPinnedUnmarked(const World& w, const ForkedVma& v, Pfn copy, Word word) {
  return ForkedHugetlbPinned(w, v, copy, w.arch->ClearUffd(Form::kPte, word));
}

Word HugetlbPinnedForWpOnly(const World& w, const ForkedVma& v, Pfn copy, Word word) {
  return v.dst->UffdWp() ? ForkedHugetlbPinned(w, v, copy, word)
                         : HugetlbPinnedUnmarked(w, v, copy, word);
}

void KeepWaiting(World&, CtxId) {}

// The child's word was given its default protection, which has no write bit, before the test.
bool ParentLooksReadOnly(const World& w, const ForkedVma& v, Word word) {
  const bool disarmed = v.src->UffdRwp() && !ForkKeepsMarks(v);
  return !disarmed && ForkProtectsParent(w, v, word);
}

Word EveryEntryDisarmed(const World& w, const ForkedVma& v, Form form, Word word) {
  if (v.src->UffdRwp()) word = w.arch->Modify(form, word, v.dst->page_prot);
  return w.arch->ClearUffd(form, word);
}

Word OnlyMarkCleared(const World& w, const ForkedVma&, Form form, Word word) {
  return w.arch->ClearUffd(form, word);
}

bool NeedsCopyWithoutRwp(const ForkedVma& v) {
  Vma dst = *v.dst;
  dst.flags &= ~kVmUffdRwp;
  ForkedVma without = v;
  without.dst = &dst;
  return ForkNeedsCopy(without);
}

}  // namespace

void ForkTestsParentFlags(StepTable& table) { table.site.fork_keeps_marks = &ParentIsProtected; }
void ForkSwapKeepsBit(StepTable& table) { table.site.forked_softleaf = &SoftleafAsIs; }
void ForkSwapDropsBit(StepTable& table) { table.site.forked_softleaf = &SoftleafUnmarked; }
void ForkPinnedCopyLosesBit(StepTable& table) { table.site.forked_pinned = &PinnedUnmarked; }
void ForkPinnedCopyAccessible(StepTable& table) { table.site.forked_pinned = &PinnedAccessible; }
void ForkMarkerWithoutEvent(StepTable& table) { table.site.forked_marker = &MarkerAsIs; }
void HugetlbForkKeepsBit(StepTable& table) { table.site.forked_hugetlb = &HugetlbAsIs; }
void HugetlbForkPinnedLosesBit(StepTable& table) {
  table.site.forked_hugetlb_pinned = &HugetlbPinnedUnmarked;
}
void ForkFailureWithUffd(StepTable& table) { table.site.fork_failed = &KeepWaiting; }
void RwpForkSkipsWrprotect(StepTable& table) {
  table.site.fork_protects_parent = &ParentLooksReadOnly;
}
void RwpForkPinnedHugetlb(StepTable& table) {
  table.site.forked_hugetlb_pinned = &HugetlbPinnedForWpOnly;
}
void RwpForkStripsHint(StepTable& table) { table.site.forked_without_mark = &EveryEntryDisarmed; }
void RwpForkLeavesProtnone(StepTable& table) { table.site.forked_without_mark = &OnlyMarkCleared; }
void RwpCopyOnForkFlag(StepTable& table) { table.site.fork_needs_copy = &NeedsCopyWithoutRwp; }

}  // namespace uffdsim::defect
