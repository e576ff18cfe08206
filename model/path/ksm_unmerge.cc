// Un-merging KSM pages: MADV_UNMERGEABLE, mremap, /sys/kernel/mm/ksm/run = 2.
//
// Mirrors: break_ksm(), unmerge_and_remove_all_rmap_items() of mm/ksm.c.
// Marker:  each page is un-merged by an unshare fault without the right to wait: an armed entry is
//          resolved in asynchronous mode; in synchronous mode the fault fails and the page stays
//          merged and armed.
#include "model/mm/entry.h"
#include "model/path/fault.h"
#include "model/path/ksm.h"
#include "model/path/ksm_stable.h"
#include "model/path/paths.h"
#include "model/path/start.h"

namespace uffdsim {
namespace {

struct BreakFrame {
  MmId mm{};
  Vpn cur{};
  Vpn last{};
  Vpn faulted{};            // the page of the last fault
  std::uint8_t faults = 0;  // of that page, in a row
};

enum BreakStep : std::uint8_t { kFind, kFaulted };

// break_ksm_pmd_entry(): a mapped or migrating KSM page.
bool IsKsmEntry(const World& w, Word word) {
  const Arch& arch = *w.arch;
  if (arch.None(Form::kPte, word)) return false;
  if (arch.Present(Form::kPte, word)) {
    return w.frames.Head(arch.PfnOf(Form::kPte, word)).Has(kPgKsm);
  }
  return IsMigration(Classify(arch, Form::kPte, word)) &&
         w.frames.Head(SoftleafPfn(arch, Form::kPte, word)).Has(kPgKsm);
}

Next Find(World& w, Task& t, BreakFrame& f) {
  t.error = Errno::kOk;
  const PageTable& table = w.mm(f.mm).table;
  for (f.cur = table.NextMapped(f.cur, f.last); f.cur < f.last;
       f.cur = table.NextMapped(f.cur + 1, f.last)) {
    if (!IsKsmEntry(w, table.GetPte(f.cur))) continue;
    if (f.cur != f.faulted) f.faults = 0;
    f.faulted = f.cur;
    PushFault(w, t, f.mm, AddressOf(w, f.cur), kFaultUnshare | kFaultRemote);
    return Next::Call(kFaulted);
  }
  return Next::Return();
}

// Any error but ENOMEM counts as success, and ends the search.
Next Faulted(World&, Task& t, BreakFrame& f) {
  if ((t.fault & (kVmFaultSigbus | kVmFaultSigsegv | kVmFaultOom | kVmFaultHwpoison)) == 0) {
    return FaultsEndlessly(t, &f.faults) ? Next::Sleep(kFind) : Next::Goto(kFind);
  }
  t.error = (t.fault & kVmFaultOom) != 0 ? Errno::kENOMEM : Errno::kOk;
  return Next::Return();
}

constexpr Step kBreakSteps[] = {
    StepOf<BreakFrame, &Find>("find", kTouchVma | kTouchPte | kTouchFolio),
    StepOf<BreakFrame, &Faulted>("faulted", kTouchNothing),
};

struct UnmergeFrame {
  std::uint16_t slot = 0;
  Vpn vpn{};  // VMAs below are done
};

enum UnmergeStep : std::uint8_t { kNextVma };

Next UnmergeVma(World& w, Task& t, UnmergeFrame& f) {
  for (; f.slot < w.ksm.slots.size(); ++f.slot, f.vpn = Vpn(0)) {
    const MmId mm = w.ksm.slots[f.slot].mm;
    if (!w.mm(mm).alive) continue;
    const VmaTree& vmas = w.mm(mm).vmas;
    for (std::size_t i = vmas.LowerBound(f.vpn); i < vmas.list().size(); ++i) {
      const Vma& vma = vmas.list()[i];
      f.vpn = vma.end;
      if (!vma.Has(kVmMergeable) || vma.anon_vma == 0) continue;
      PushBreakKsm(t, mm, vma.start, vma.end);
      return Next::Call(kNextVma);
    }
    w.ksm.slots[f.slot].items.clear();
  }
  // remove_all_stable_nodes(): those that are still mapped stay.
  std::erase_if(w.ksm.stable, [&](Pfn pfn) { return !IsStable(w, pfn); });
  w.ksm.unstable.clear();
  t.outcome.status = Outcome::Status::kOk;
  return Next::Return();
}

constexpr Step kUnmergeSteps[] = {
    StepOf<UnmergeFrame, &UnmergeVma>("vma", kTouchVma),
};

}  // namespace

const Path kBreakKsmPath = {"break_ksm", "mm/ksm.c break_ksm()", kBreakSteps};
const Path kUnmergeKsmPath = {"ksm_unmerge", "mm/ksm.c unmerge_and_remove_all_rmap_items()",
                              kUnmergeSteps};

void PushBreakKsm(Task& t, MmId mm, Vpn first, Vpn last) {
  BreakFrame& f = PushPath<BreakFrame>(t, PathOf::k_break_ksm);
  f.mm = mm;
  f.cur = first;
  f.last = last;
}

void PushUnmergeAll(Task& t) { PushPath<UnmergeFrame>(t, PathOf::k_ksm_unmerge); }

}  // namespace uffdsim
