// Faults on PROT_NONE entries of accessible VMAs: userfaultfd RWP and NUMA hints.
//
// Mirrors: do_uffd_rwp(), do_numa_page(), numa_rebuild_single_mapping() of mm/memory.c.
// Marker:  an asynchronous RWP fault restores the VMA's protection and drops the bit; a NUMA hint
// keeps
//          the bit (a WP VMA's, or a stale one).
#include "model/path/fault_parts.h"
#include "model/path/numa_hint.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"

namespace uffdsim {
namespace {

Word Accessible(const World& w, const Vma& vma, Word word) {
  const Arch& arch = *w.arch;
  if (!arch.Write(Form::kPte, word) && WantsManualUpgrade(w, vma) &&
      w.steps->site.may_upgrade(w, vma, Form::kPte, word)) {
    word = arch.MkWrite(Form::kPte, word);
  }
  return word;
}

}  // namespace

Word RwpResolved(const World& w, const Vma& vma, Word word) {
  const Arch& arch = *w.arch;
  word = arch.Modify(Form::kPte, word, vma.page_prot);
  word = arch.MkYoung(Form::kPte, arch.ClearUffd(Form::kPte, word));
  return Accessible(w, vma, word);
}

Word NumaOpened(const World& w, const Vma& vma, Word word) {
  const Arch& arch = *w.arch;
  word = arch.Modify(Form::kPte, word, vma.page_prot);
  return Accessible(w, vma, arch.MkYoung(Form::kPte, word));
}

std::uint32_t RwpFault(World& w, FaultFrame& f, Vma& vma) {
  if (!w.ctx(vma.ctx).Has(kFeatureRwpAsync)) {
    f.reason = UffdReason::kRwp;
    return kFaultDeliver;
  }
  if (!SameEntry(w, f)) return kVmFaultOk;
  // Nothing to flush: the old entry was not visible to the hardware.
  w.mm(f.mm).table.SetPte(f.vpn, w.steps->site.rwp_resolved(w, vma, f.orig));
  EmitLoss(w, f.mm, f.vpn, f.vpn + 1, Cause::kAsyncResolve);
  return kVmFaultOk;
}

std::uint32_t NumaFault(World& w, FaultFrame& f, Vma& vma) {
  if (!SameEntry(w, f)) return kVmFaultOk;
  if (NumaHintMigrates(w, f.mm, vma, f.vpn)) return kVmFaultOk;
  w.mm(f.mm).table.SetPte(f.vpn, w.steps->site.numa_opened(w, vma, f.orig));
  return kVmFaultOk;
}

}  // namespace uffdsim
