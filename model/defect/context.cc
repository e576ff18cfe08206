// Defects of contexts: registration, modes, waiting, filling.
#include "model/defect/defects.h"

namespace uffdsim::defect {
namespace {

template <Clearing kForgetful>
void ResolveUnless(World& w, MmId mm, Vma& vma, Vpn first, Vpn last, Clearing why) {
  if (why != kForgetful) ResolveBeforeClearing(w, mm, vma, first, last, why);
}

Word FilledMarkedIfWritable(const World& w, const Vma& vma, Pfn pfn, bool writable,
                            std::uint64_t mode) {
  return FilledEntry(w, vma, pfn, writable, writable ? mode : mode & ~kFillWp);
}

VmFlags AllButRwp() { return kVmUffdFlags & ~kVmUffdRwp; }
void WakesNobody(World&, CtxId) {}
bool AnyContext(const Context&) { return true; }
bool NeverValidates() { return false; }

Pfn WrittenPageOnly(World& w, const Vma& vma, Vpn vpn) {
  const CacheSlot slot = w.file(vma.file).cache.Get(vma.IndexOf(vpn));
  const bool unwritten = slot.is_frame() && w.frames.Head(slot.pfn()).Has(kPgFallocated);
  return unwritten ? Pfn(0) : ContinuedPage(w, vma, vpn);
}

bool WaitsByAnyBits(const World& w, Word word, UffdReason reason) {
  const Arch& arch = *w.arch;
  const bool decodes =
      reason == UffdReason::kWp && !arch.None(Form::kPte, word) && !arch.Present(Form::kPte, word);
  return decodes ? !arch.Write(Form::kPte, word) : PteMustWait(w, word, reason);
}

void ZapShared(World& w, MmId mm, Vma& vma, Vpn first, Vpn last, ProtOp op) {
  if (op != ProtOp::kRwp || !vma.Shared()) return RwprotectVma(w, mm, vma, first, last, op);
  ZapRange(w, mm, vma, first, last, ZapMarkers::kKeep, Cause::kZap);
}

bool MinorUnlessAsync(const World& w, const Vma& vma) {
  const bool refault = vma.UffdRwp() && !w.ctx(vma.ctx).Has(kFeatureRwpAsync);
  return refault || MinorWanted(w, vma);
}

std::uint64_t MinorOfArmedAnon(const FaultFrame& f, const Vma& vma) {
  const std::uint64_t flags = MessageFlags(f, vma);
  const bool armed = (flags & kFaultFlagRwp) != 0 && vma.Anonymous();
  return armed ? (flags & ~std::uint64_t{kFaultFlagRwp}) | kFaultFlagMinor : flags;
}

bool AnyMemory(const Vma&) { return true; }

// Resolves an armed entry; one that is not there, or not armed, as CONTINUE says it of files.
Errno ContinueArmed(World& w, MmId mm, Vma& vma, Vpn vpn) {
  const Arch& arch = *w.arch;
  const Word word = w.mm(mm).table.GetPte(vpn);
  if (arch.None(Form::kPte, word) || !arch.Present(Form::kPte, word)) return Errno::kEFAULT;
  if (!arch.Protnone(Form::kPte, word)) return Errno::kEEXIST;
  RwprotectVma(w, mm, vma, vpn, vpn + 1, ProtOp::kRwpResolve);
  return Errno::kOk;
}

}  // namespace

void CloseLeavesBits(StepTable& table) {
  table.site.resolve_before_clearing = &ResolveUnless<Clearing::kClose>;
}
void UnregisterLeavesBits(StepTable& table) {
  table.site.resolve_before_clearing = &ResolveUnless<Clearing::kUnregister>;
}
void FillMarksWritableOnly(StepTable& table) { table.site.filled_entry = &FilledMarkedIfWritable; }
void UnregisterLeavesRwpFlag(StepTable& table) { table.site.cleared_flags = &AllButRwp; }
void SetModeLeavesSleepers(StepTable& table) { table.site.set_mode_wakes = &WakesNobody; }
void SetModeForAnybody(StepTable& table) { table.site.set_mode_allows = &AnyContext; }
void RwprotectKeepsPrefix(StepTable& table) { table.site.rwprotect_validates = &NeverValidates; }
void MustWaitDecodesSwap(StepTable& table) { table.site.pte_must_wait = &WaitsByAnyBits; }
void ArmZapsSharedPages(StepTable& table) {
  table.site.rwprotect_vma = &ZapShared;
  table.site.minor_wanted = &MinorUnlessAsync;
}
void ArmedAnonIsMinor(StepTable& table) {
  table.site.message_flags = &MinorOfArmedAnon;
  table.site.continue_takes = &AnyMemory;
  table.site.continued_anon = &ContinueArmed;
}
void ContinueMissesFallocated(StepTable& table) { table.site.continued_page = &WrittenPageOnly; }

}  // namespace uffdsim::defect
