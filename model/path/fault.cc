#include "model/path/fault.h"

#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/fault_parts.h"
#include "model/path/paths.h"
#include "model/path/prot.h"
#include "model/path/step_table.h"
#include "model/path/uffd_wait.h"

namespace uffdsim {
namespace {

enum FaultStep : std::uint8_t { kWalk, kHandle, kWp, kCopy, kDeliver, kWoken, kMigrated };

// Every step finds the VMA again: between steps it may have changed, as between the kernel's locks.
Vma* FaultVma(World& w, const FaultFrame& f) { return w.mm(f.mm).vmas.Find(f.vpn); }

Next Finish(Task& t, std::uint32_t result) {
  t.fault = result;
  return Next::Return();
}

// Turns a part's answer into the next step.
Next Dispatch(Task& t, std::uint32_t result) {
  if ((result & kFaultDeliver) != 0) return Next::Goto(kDeliver);
  if ((result & kFaultWait) != 0) {
    t.sleep = Task::Sleep::kMigration;
    return Next::Sleep(kMigrated);
  }
  if ((result & kFaultCopy) != 0) return Next::Goto(kCopy);
  if ((result & kFaultWp) != 0) return Next::Goto(kWp);
  if ((result & kFaultPtes) != 0) return Next::Goto(kWalk);
  return Finish(t, result);
}

// __handle_mm_fault() down to the entry, without locks.
Next Walk(World& w, Task& t, FaultFrame& f) {
  Vma* vma = FaultVma(w, f);
  if (vma == nullptr) return Finish(t, kVmFaultSigsegv);
  if (vma->Hugetlb()) return Next::Goto(kHandle);
  PageTable& table = w.mm(f.mm).table;
  // __handle_mm_fault() makes the tables down to the PMD's, whatever comes of the fault.
  if (!AllocPmdTable(w, f.mm, f.vpn)) return Finish(t, kVmFaultOom);
  f.orig = table.GetPmd(f.vpn);
  f.level = w.arch->None(Form::kPmd, f.orig) ? 0 : 1;
  if (f.level == 0) f.orig = table.GetPte(f.vpn);
  return Next::Continue();
}

std::uint32_t HandlePte(World& w, FaultFrame& f, Vma& vma) {
  const Arch& arch = *w.arch;
  if (arch.None(Form::kPte, f.orig)) {
    // pte_offset_map_lock() finds no table any more: somebody put a huge page there.
    if (!arch.None(Form::kPmd, w.mm(f.mm).table.GetPmd(f.vpn))) return kVmFaultOk;
    f.was_marker = false;
    return vma.Anonymous() ? AnonymousFault(w, f, vma) : FileFault(w, f, vma);
  }
  if (!arch.Present(Form::kPte, f.orig)) {
    return Classify(arch, Form::kPte, f.orig) == EntryKind::kSwap ? SwapInFault(w, f, vma)
                                                                  : SoftleafFault(w, f, vma);
  }
  if (arch.Protnone(Form::kPte, f.orig) && vma.Accessible()) {
    if (w.steps->site.is_armed(w, vma, Form::kPte, f.orig)) return RwpFault(w, f, vma);
    return NumaFault(w, f, vma);
  }
  if (!SameEntry(w, f)) return kVmFaultOk;
  const bool write = (f.flags & kFaultWrite) != 0;
  if ((f.flags & (kFaultWrite | kFaultUnshare)) != 0 && !arch.Write(Form::kPte, f.orig)) {
    return kFaultWp;
  }
  Word word = arch.MkYoung(Form::kPte, f.orig);
  if (write) word = arch.MkDirty(Form::kPte, word);
  if (word != f.orig) {
    w.mm(f.mm).table.SetPte(f.vpn, arch.SetAccessFlags(Form::kPte, f.orig, word));
  }
  return kVmFaultOk;
}

Next Handle(World& w, Task& t, FaultFrame& f) {
  Vma* vma = FaultVma(w, f);
  if (vma == nullptr) return Finish(t, kVmFaultSigsegv);
  if (vma->Hugetlb()) return Dispatch(t, HugetlbFault(w, f, *vma));
  if (f.level == 1) return Dispatch(t, PmdLeafFault(w, f, *vma));
  if (vma->Anonymous() && !w.mm(f.mm).table.HasPteTable(f.vpn) && HugeAnonAllowed(w, *vma, f.vpn)) {
    const std::uint32_t result = HugeAnonFault(w, f, *vma);
    if (result != kFaultFallback) return Dispatch(t, result);
  }
  return Dispatch(t, HandlePte(w, f, *vma));
}

Next Wp(World& w, Task& t, FaultFrame& f) {
  Vma* vma = FaultVma(w, f);
  if (vma == nullptr) return Finish(t, kVmFaultSigsegv);
  return Dispatch(t, WpFault(w, f, *vma));
}

Next Copy(World& w, Task& t, FaultFrame& f) {
  Vma* vma = FaultVma(w, f);
  if (vma == nullptr) return Finish(t, kVmFaultSigsegv);
  return Finish(t, CopyFault(w, f, *vma));
}

// handle_userfault(): queue the message, check again, drop the locks and sleep.
Next Deliver(World& w, Task& t, FaultFrame& f) {
  const Vma* vma = FaultVma(w, f);
  if (vma == nullptr) return Finish(t, kVmFaultRetry);
  if (DeliverFault(w, t, f, *vma) == Delivery::kReturn) return Next::Return();
  // A sleeper keeps nothing of what it saw: the access is redone from the top.
  f.orig = 0;
  f.slot = SwapSlot(0);
  f.folio = Pfn(0);
  return Next::Sleep(kWoken);
}

// Running again, whatever woke it: the access is redone from the top.
Next Woken(World&, Task& t, FaultFrame&) {
  t.sleep = Task::Sleep::kNone;
  return Finish(t, kVmFaultRetry | kFaultSlept);
}

// The folio was unlocked; the entry is looked at again by a fault of its own.
Next Migrated(World&, Task& t, FaultFrame&) {
  t.sleep = Task::Sleep::kNone;
  return Finish(t, kVmFaultOk);
}

constexpr Step kSteps[] = {
    StepOf<FaultFrame, &Walk>("walk", kTouchVma | kTouchPte),
    StepOf<FaultFrame, &Handle>("handle", kTouchMemory | kTouchCtx),
    StepOf<FaultFrame, &Wp>("write-protect", kTouchMemory),
    StepOf<FaultFrame, &Copy>("copy", kTouchMemory),
    StepOf<FaultFrame, &Deliver>("deliver", kTouchVma | kTouchPte | kTouchCtx | kTouchTasks),
    StepOf<FaultFrame, &Woken>("woken", kTouchTasks),
    StepOf<FaultFrame, &Migrated>("migrated", kTouchTasks),
};

}  // namespace

const Path kFaultPath = {"fault", "mm/memory.c handle_mm_fault()", kSteps};

}  // namespace uffdsim
