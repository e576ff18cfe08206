// MADV_GUARD_INSTALL and MADV_GUARD_REMOVE.
//
// Mirrors: madvise_guard_install(), madvise_guard_remove() of mm/madvise.c.
// Marker:  whatever the range held is zapped, armed or not; guard markers take its place. Zapping a
//          protected file page of a WP VMA leaves a uffd-wp marker, which is not a guard either:
//          the kernel tries again and again.
#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/madvise.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/zap.h"

namespace uffdsim {
namespace {

bool IsGuard(const Arch& arch, Word word) { return (MarkerOf(arch, word) & kMarkerGuard) != 0; }

// The walk before anything is installed: only empty places and guards.
bool RangeIsClear(const World& w, MmId mm, Vpn first, Vpn last) {
  const Arch& arch = *w.arch;
  const PageTable& table = w.mm(mm).table;
  for (Vpn vpn = table.NextMapped(first, last); vpn < last; vpn = table.NextMapped(vpn + 1, last)) {
    if (!arch.None(Form::kPmd, table.GetPmd(vpn))) return false;
    const Word word = table.GetPte(vpn);
    if (!arch.None(Form::kPte, word) && !IsGuard(arch, word)) return false;
  }
  return true;
}

}  // namespace

Errno GuardInstall(World& w, MmId mm, Vma& vma, Vpn first, Vpn last) {
  if (vma.Has(kVmSpecial | kVmHugetlb | kVmLocked)) return Errno::kEINVAL;
  vma.flags |= kVmMaybeGuard;
  if (vma.Anonymous()) PrepareAnonVma(w, mm, vma);
  if (!RangeIsClear(w, mm, first, last)) {
    const bool drops = w.steps->site.guard_drops_markers(w, vma);
    ZapRange(w, mm, vma, first, last, drops ? ZapMarkers::kDrop : ZapMarkers::kKeep, Cause::kGuard);
    if (!RangeIsClear(w, mm, first, last)) return Errno::kEAGAIN;
  }
  PageTable& table = w.mm(mm).table;
  for (Vpn vpn = first; vpn < last; ++vpn) {
    if (!AllocPteTable(w, mm, vpn)) return Errno::kENOMEM;
    table.SetPte(vpn, MakeMarker(*w.arch, kMarkerGuard));
  }
  return Errno::kOk;
}

Errno GuardRemove(World& w, MmId mm, const Vma& vma, Vpn first, Vpn last) {
  if (vma.Has(kVmSpecial | kVmHugetlb)) return Errno::kEINVAL;
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(mm).table;
  for (Vpn vpn = table.NextMapped(first, last); vpn < last; vpn = table.NextMapped(vpn + 1, last)) {
    if (!arch.None(Form::kPmd, table.GetPmd(vpn))) {
      vpn = Vpn(vpn.value | (table.PmdPages() - 1));
      continue;
    }
    if (IsGuard(arch, table.GetPte(vpn))) table.SetPte(vpn, arch.NoneWord(Form::kPte));
  }
  return Errno::kOk;
}

}  // namespace uffdsim
