// NUMA balancing: the scanner that runs while a process computes, and its hint faults.
//
// Mirrors: task_numa_work() of kernel/sched/fair.c, folio_can_map_prot_numa() of mm/mempolicy.c,
//          numa_migrate_check(), numa_rebuild_large_mapping() of mm/memory.c,
//          migrate_misplaced_folio() of mm/migrate.c.
// Marker:  the scanner skips entries that are PROT_NONE already, so armed ones stay; a hinted entry
// has no
//          bit and is no RWP entry. Hint faults are silent.
#include "model/path/change_protection.h"
#include "model/path/hw_walk.h"
#include "model/path/migrate.h"
#include "model/path/numa_filter.h"
#include "model/path/numa_hint.h"
#include "model/path/prot.h"
#include "model/path/range.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/step_table.h"
#include "model/path/swap_out.h"

namespace uffdsim {
namespace {

// A task's first scan comes after the default scan period; later ones come often enough for every
// spin.
constexpr std::uint64_t kScanDelayMs = 1000;

constexpr std::uint8_t kCpuNode = 0;  // where all CPUs are

// vma_migratable(), vma_policy_mof() and the other tests of task_numa_work().
bool Scanned(const Vma& vma) {
  if (vma.Has(kVmIo | kVmPfnmap | kVmMixedmap) || vma.Hugetlb() || vma.policy != 0) return false;
  const bool read_only = (vma.flags & (kVmRead | kVmWrite)) == kVmRead;
  return vma.Accessible() && !(vma.file != FileId(0) && read_only);
}

void ScanProcess(World& w, MmId mm) {
  for (std::size_t i = 0; i < w.mm(mm).vmas.list().size(); ++i) {
    Vma& vma = w.mm(mm).vmas.list()[i];
    if (Scanned(vma)) ChangeProtection(w, mm, vma, vma.start, vma.end, ProtOp::kNuma);
  }
}

// migrate_misplaced_folio(): one attempt, all stages at once, as the fault does it.
bool MigrateMisplaced(World& w, Pfn head) {
  if (FolioMappedShared(w, head) || !IsolateFolio(w, head)) return false;
  const Pfn to = w.frames.Alloc(w.frames[head].order, kCpuNode);
  const bool moved = InstallMigrationEntries(w, head) && MoveFolio(w, head, to);
  RemoveMigrationEntries(w, head, moved ? to : head);
  PutbackFolio(w, head);
  if (!moved) {
    w.frames.Free(to);
    return false;
  }
  w.frames[to].flags |= kPgLru;
  return true;
}

}  // namespace

bool NumaSuitable(const World& w, MmId, const Vma& vma, Pfn pfn) {
  // A process with a second thread is assumed: local pages are hinted too.
  const Page& folio = w.frames.Head(pfn);
  if (folio.Has(kPgZero) || folio.Has(kPgKsm) || FolioPinned(w, pfn)) return false;
  return !(vma.IsCow() && FolioMappedShared(w, pfn));
}

bool NumaReopens(const World& w, const Vma& vma, Word word) {
  return w.arch->Protnone(Form::kPte, word) && !IsArmed(w, vma, Form::kPte, word);
}

bool NumaHintMigrates(World& w, MmId mm, const Vma& vma, Vpn vpn) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(mm).table;
  const Leaf leaf = FindLeaf(w, mm, vma, vpn);
  const Pfn pfn = arch.PfnOf(leaf.form, leaf.word);
  const Page& folio = w.frames.Head(pfn);
  if (folio.node != kCpuNode && vma.policy == 0 && MigrateMisplaced(w, w.frames.HeadOf(pfn))) {
    return true;
  }
  if (folio.order == 0 || leaf.level != 0) return false;
  // numa_rebuild_large_mapping(): the neighbours of the same folio, table and VMA.
  const Pfn head = w.frames.HeadOf(pfn);
  const Vpn base(vpn.value & ~(table.PmdPages() - 1));
  for (Vpn at = std::max(base, vma.start); at < std::min(base + table.PmdPages(), vma.end); ++at) {
    const Word word = table.GetPte(at);
    if (at == vpn || arch.None(Form::kPte, word) || !arch.Present(Form::kPte, word)) continue;
    if (w.frames.HeadOf(arch.PfnOf(Form::kPte, word)) != head) continue;
    if (!w.steps->site.numa_reopens(w, vma, word)) continue;
    Word open = arch.Modify(Form::kPte, word, vma.page_prot);
    if (!arch.Write(Form::kPte, open) && WantsManualUpgrade(w, vma) &&
        w.steps->site.may_upgrade(w, vma, Form::kPte, open)) {
      open = arch.MkWrite(Form::kPte, open);
    }
    table.SetPte(at, open);
  }
  return false;
}

void Start_numa_scan(World& w, Task& t) {
  if (w.config.numa_nodes == 0) return Bad(t, "this kernel has no NUMA");
  const NamedPages range = RangeOf(w, t.op);
  std::uint64_t changed = 0;
  for (Vpn vpn = range.first; vpn < range.last;) {
    Vma* vma = w.mm(t.mm).vmas.Find(vpn);
    const Vpn end = vma == nullptr ? vpn + 1 : std::min(range.last, vma->end);
    if (vma != nullptr && Scanned(*vma)) {
      changed += ChangeProtection(w, t.mm, *vma, vpn, end, ProtOp::kNuma).pages;
    }
    vpn = end;
  }
  Succeed(t, static_cast<std::int64_t>(changed));
}

void Start_spin(World& w, Task& t) {
  Mm& mm = w.mm(t.mm);
  mm.numa_spun_ms += t.op.value;
  if (w.config.numa_balancing && mm.numa_spun_ms >= kScanDelayMs) ScanProcess(w, t.mm);
  Succeed(t);
}

}  // namespace uffdsim
