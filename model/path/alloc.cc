#include "model/path/alloc.h"

#include "model/path/thp.h"

namespace uffdsim {

bool PageAvailable(World& w) { return !w.Chooses(ChoicePoint::k_fail_page); }

bool HugePageAvailable(World& w) { return !w.Chooses(ChoicePoint::k_fail_huge_page); }

bool AllocPteTable(World& w, MmId mm, Vpn vpn) {
  PageTable& table = w.mm(mm).table;
  if (table.HasPteTable(vpn)) return true;
  if (w.Chooses(ChoicePoint::k_fail_page_table)) return false;
  table.EnsurePteTable(vpn);
  return true;
}

bool AllocPmdTable(World& w, MmId mm, Vpn vpn) {
  PageTable& table = w.mm(mm).table;
  if (table.HasTableOf(1, vpn)) return true;
  if (w.Chooses(ChoicePoint::k_fail_page_table)) return false;
  table.EnsureTableOf(1, vpn);
  return true;
}

bool TrySplitVma(World& w, MmId mm, Vpn vpn) {
  const Vma* vma = w.mm(mm).vmas.Find(vpn);
  if (vma == nullptr || vma->start == vpn) return true;
  if (w.Chooses(ChoicePoint::k_fail_vma)) return false;
  SplitVma(w, mm, vpn);
  return true;
}

Errno SplitOutVma(World& w, MmId mm, Vpn start, Vpn end) {
  for (const Vpn edge : {start, end}) {
    if (!MaySplitVma(w, mm, edge)) return Errno::kEINVAL;
    if (!TrySplitVma(w, mm, edge)) return Errno::kENOMEM;
  }
  return Errno::kOk;
}

}  // namespace uffdsim
