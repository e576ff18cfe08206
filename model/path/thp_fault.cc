// Faults at PMD level: the first touch of huge anonymous memory, and faults on PMD leaves.
//
// Mirrors: do_huge_pmd_anonymous_page(), do_huge_pmd_uffd_rwp(), do_huge_pmd_numa_page(),
//          huge_pmd_set_accessed() of mm/huge_memory.c; the PMD part of __handle_mm_fault() of
//          mm/memory.c.
// Marker:  a first touch neither traps nor arms. An asynchronous RWP fault resolves the whole leaf
//          and does not split it; a NUMA hint keeps the mark.
#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/device_fault.h"
#include "model/path/fault_parts.h"
#include "model/path/numa_hint.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

// mm_get_huge_zero_folio(): made at the first use, kept from then on.
Pfn HugeZero(World& w) {
  if (w.huge_zero == Pfn(0)) {
    w.huge_zero = w.frames.Alloc(w.arch->PmdOrder(), 0);
    for (std::uint32_t i = 0; i < w.frames.Count(w.huge_zero); ++i) {
      w.frames[w.huge_zero + i].flags |= kPgZero;
    }
  }
  return w.huge_zero;
}

bool SamePmd(const World& w, const FaultFrame& f) {
  return w.mm(f.mm).table.GetPmd(f.vpn) == f.orig;
}

// --- marks ---------------------------------------------------------------------------------------
// set_huge_zero_folio()
Word HugeZeroWord(const World& w, const Vma& vma, Pfn zero) {
  return w.arch->MkSpecial(Form::kPmd, w.arch->Make(Form::kPmd, zero, vma.page_prot));
}

// --- leaves --------------------------------------------------------------------------------------
std::uint32_t RwpLeafFault(World& w, FaultFrame& f, Vma& vma) {
  if (!w.ctx(vma.ctx).Has(kFeatureRwpAsync)) {
    f.reason = UffdReason::kRwp;
    return kFaultDeliver;
  }
  if (!SamePmd(w, f)) return kVmFaultOk;
  w.mm(f.mm).table.SetPmd(f.vpn, w.steps->site.rwp_resolved_pmd(w, vma, f.orig));
  const Vpn first = PmdStart(w, f.vpn);
  EmitLoss(w, f.mm, first, first + w.arch->geometry().PmdPages(), Cause::kAsyncResolve);
  return kVmFaultOk;
}

std::uint32_t NumaLeafFault(World& w, FaultFrame& f, Vma& vma) {
  if (!SamePmd(w, f)) return kVmFaultOk;
  const bool zero = w.frames[w.arch->PfnOf(Form::kPmd, f.orig)].Has(kPgZero);
  if (!zero && NumaHintMigrates(w, f.mm, vma, f.vpn)) return kVmFaultOk;
  w.mm(f.mm).table.SetPmd(f.vpn, w.steps->site.numa_opened_pmd(w, vma, f.orig));
  return kVmFaultOk;
}

// huge_pmd_set_accessed()
std::uint32_t TouchLeaf(World& w, const FaultFrame& f) {
  if (!SamePmd(w, f)) return kVmFaultOk;
  const Arch& arch = *w.arch;
  const bool write = (f.flags & kFaultWrite) != 0;
  Word word = arch.MkYoung(Form::kPmd, f.orig);
  if (write) word = arch.MkDirty(Form::kPmd, word);
  if (word != f.orig) {
    const Access access = write ? Access::kWrite : Access::kRead;
    w.mm(f.mm).table.SetPmd(f.vpn, arch.SetAccessFlags(Form::kPmd, f.orig, word, access));
  }
  return kVmFaultOk;
}

}  // namespace

Word NumaOpenedPmd(const World& w, const Vma& vma, Word pmd) {
  const Arch& arch = *w.arch;
  Word word = arch.MkYoung(Form::kPmd, arch.Modify(Form::kPmd, pmd, vma.page_prot));
  if (!arch.Write(Form::kPmd, word) && WantsManualUpgrade(w, vma) &&
      w.steps->site.may_upgrade(w, vma, Form::kPmd, word)) {
    word = arch.MkWrite(Form::kPmd, word);
  }
  return word;
}

Word RwpResolvedPmd(const World& w, const Vma& vma, Word pmd) {
  return NumaOpenedPmd(w, vma, w.arch->ClearUffd(Form::kPmd, pmd));
}

Pfn NewHugeAnon(World& w, const Vma& vma, Vpn vpn, std::uint8_t node) {
  const Pfn head = w.frames.Alloc(w.arch->PmdOrder(), node);
  const std::uint64_t index = vma.IndexOf(PmdStart(w, vpn));
  w.frames[head].flags |= kPgAnonExclusive | kPgSwapBacked | kPgLru;
  for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) {
    w.frames[head + i].flags |= kPgAnon;
    w.frames[head + i].index = index + i;
  }
  MapFrames(w, head, w.frames.Count(head));
  return head;
}

Word HugeAnonWord(const World& w, const Vma& vma, Pfn head) {
  const Arch& arch = *w.arch;
  const Word word = arch.MkDirty(Form::kPmd, arch.Make(Form::kPmd, head, vma.page_prot));
  return vma.Has(kVmWrite) ? arch.MkWrite(Form::kPmd, word) : word;
}

std::uint32_t HugeAnonFault(World& w, FaultFrame& f, Vma& vma) {
  PrepareAnonVma(w, f.mm, vma);
  PageTable& table = w.mm(f.mm).table;
  if (!w.arch->None(Form::kPmd, table.GetPmd(f.vpn)) || table.HasPteTable(f.vpn)) return kVmFaultOk;
  if (vma.UffdMissing()) {
    f.reason = UffdReason::kMissing;
    return kFaultDeliver;
  }
  const bool zero = (f.flags & kFaultWrite) == 0 && w.config.use_zero_page;
  if ((!zero || w.huge_zero == Pfn(0)) && !HugePageAvailable(w)) return kFaultFallback;
  const Word word = zero ? HugeZeroWord(w, vma, HugeZero(w))
                         : HugeAnonWord(w, vma, NewHugeAnon(w, vma, f.vpn, vma.node()));
  table.SetPmd(f.vpn, word);
  return kVmFaultOk;
}

std::uint32_t PmdLeafFault(World& w, FaultFrame& f, Vma& vma) {
  const Arch& arch = *w.arch;
  if (!arch.Present(Form::kPmd, f.orig)) {
    if (IsDevicePrivate(Classify(arch, Form::kPmd, f.orig))) return MigrateToRam(w, f, vma);
    return SamePmd(w, f) ? kFaultWait : kVmFaultOk;
  }
  if (arch.Protnone(Form::kPmd, f.orig) && vma.Accessible()) {
    return w.steps->site.is_armed(w, vma, Form::kPmd, f.orig) ? RwpLeafFault(w, f, vma)
                                                              : NumaLeafFault(w, f, vma);
  }
  if ((f.flags & (kFaultWrite | kFaultUnshare)) != 0 && !arch.Write(Form::kPmd, f.orig)) {
    return SamePmd(w, f) ? PmdWpFault(w, f, vma) : kVmFaultOk;
  }
  return TouchLeaf(w, f);
}

}  // namespace uffdsim
