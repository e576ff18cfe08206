// Defects of protection changes and of faults on protnone entries.
#include "model/defect/defects.h"

namespace uffdsim::defect {
namespace {

bool NotifiesWithoutWp(const World& w, const Vma& vma) {
  Vma plain = vma;
  plain.flags &= ~kVmUffdWp;
  return WantsWritenotify(w, plain);
}

bool ReopensArmed(const World& w, const Vma&, Word word) {
  return w.arch->Protnone(Form::kPte, word);
}
bool ReopensUnmarked(const World& w, const Vma&, Word word) {
  return w.arch->Protnone(Form::kPte, word) && !w.arch->Uffd(Form::kPte, word);
}

// mprotect() as if the VMA were not RWP: the mark stays, PROT_NONE does not come back.
template <Form kForm>
Word NotRearmed(const World& w, const Vma& vma, Form form, Word word, ProtOp op) {
  if (form != kForm || op != ProtOp::kMprotect) return ProtectPresent(w, vma, form, word, op);
  Vma plain = vma;
  plain.flags &= ~kVmUffdRwp;
  return ProtectPresent(w, plain, form, word, op);
}

Word HugetlbNotRearmed(const World& w, const Vma& vma, Word word, ProtOp op) {
  if (op != ProtOp::kMprotect) return ProtectHugetlb(w, vma, word, op);
  Vma plain = vma;
  plain.flags &= ~kVmUffdRwp;
  return ProtectHugetlb(w, plain, word, op);
}

bool ProtnoneIsDone(const World& w, Form form, Word word) { return w.arch->Protnone(form, word); }

bool InaccessibleRefused(const Vma& vma) { return vma.UffdRwp() && !vma.Accessible(); }

bool UpgradeWithoutSoftDirty(const World& w, const Vma& vma, Form form, Word word) {
  return MayUpgrade(w, vma, form, w.arch->MkSoftDirty(form, word));
}

bool AnyProtnoneIsArmed(const World& w, const Vma& vma, Form form, Word word) {
  return vma.UffdRwp() && w.arch->Present(form, word) && w.arch->Protnone(form, word);
}

bool WaitsOnAnyProtnone(const World& w, Word word, UffdReason reason) {
  const Arch& arch = *w.arch;
  if (reason != UffdReason::kRwp || !arch.Present(Form::kPte, word)) {
    return PteMustWait(w, word, reason);
  }
  return arch.Protnone(Form::kPte, word);
}

// Without a mark nobody knows why an entry is inaccessible, so it stays so.
Word ProtnoneStays(const World& w, const Vma& vma, Form form, Word word, ProtOp op) {
  const Word changed = ProtectPresent(w, vma, form, word, op);
  const bool stays = vma.UffdRwp() && op == ProtOp::kMprotect && w.arch->Protnone(form, word);
  return stays ? w.arch->Modify(form, changed, w.arch->PageNone()) : changed;
}

bool DropsNothing(const Vma&, VmFlags) { return false; }

Word ResolvedWithMark(const World& w, const Vma& vma, Word word) {
  return w.arch->MkUffd(Form::kPte, RwpResolved(w, vma, word));
}
Word ResolvedPmdWithMark(const World& w, const Vma& vma, Word word) {
  return w.arch->MkUffd(Form::kPmd, RwpResolvedPmd(w, vma, word));
}

// G1
void NothingFlushed(World&, MmId, Vpn, Vpn) {}

}  // namespace

void FlushIsDeferred(StepTable& table) { table.site.flush_protected = &NothingFlushed; }
void HintMakesWritable(StepTable& table) { table.site.wants_writenotify = &NotifiesWithoutWp; }
void HintDisarmsNeighbours(StepTable& table) { table.site.numa_reopens = &ReopensArmed; }
void HintSkipsWpMarked(StepTable& table) { table.site.numa_reopens = &ReopensUnmarked; }
void MprotectDisarms(StepTable& table) { table.site.protected_present = &NotRearmed<Form::kPte>; }
void MprotectDisarmsPmd(StepTable& table) {
  table.site.protected_present = &NotRearmed<Form::kPmd>;
}
void MprotectDisarmsHugetlb(StepTable& table) { table.site.protected_hugetlb = &HugetlbNotRearmed; }
void ArmSkipsProtnone(StepTable& table) { table.site.already_armed = &ProtnoneIsDone; }
void UnregisterRefusesProtnone(StepTable& table) {
  table.site.unregister_refuses = &InaccessibleRefused;
}
void UpgradeForgetsSoftDirty(StepTable& table) {
  table.site.may_upgrade = &UpgradeWithoutSoftDirty;
}
void ProtnoneIsArmed(StepTable& table) {
  table.site.is_armed = &AnyProtnoneIsArmed;
  table.site.protected_present = &ProtnoneStays;
  table.site.pte_must_wait = &WaitsOnAnyProtnone;
}
void ReregisterDropsWp(StepTable& table) { table.site.register_drops_protection = &DropsNothing; }
void ResolveKeepsMark(StepTable& table) { table.site.rwp_resolved = &ResolvedWithMark; }
void ResolveKeepsMarkPmd(StepTable& table) { table.site.rwp_resolved_pmd = &ResolvedPmdWithMark; }

}  // namespace uffdsim::defect
