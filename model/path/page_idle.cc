#include "model/path/page_idle.h"

#include "model/path/rmap.h"

namespace uffdsim {
namespace {

// ptep_test_and_clear_young() and mmu_notifier_clear_young(): no translation is flushed.
bool TestAndClearYoung(World& w, MmId mm, Vpn vpn) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(mm).table;
  bool young = false;
  const Word word = table.GetPte(vpn);
  if (!arch.None(Form::kPte, word) && arch.Present(Form::kPte, word) &&
      arch.Young(Form::kPte, word)) {
    table.SetPte(vpn, arch.MkOld(Form::kPte, word));
    young = true;
  }
  for (Stage2& stage2 : w.stage2s) {
    if (stage2.mm() == mm) young |= stage2.TestAndClearYoung(vpn);
  }
  return young;
}

// page_idle_clear_pte_refs()
void ClearPteRefs(World& w, Pfn pfn) {
  bool referenced = false;
  for (const Mapping& mapping : MappingsOf(w, pfn)) {
    if (mapping.level == 0) referenced |= TestAndClearYoung(w, mapping.mm, mapping.vpn);
  }
  if (referenced) w.frames.Head(pfn).flags &= ~std::uint32_t{kPgIdle};
}

}  // namespace

void SetPageIdle(World& w, Pfn pfn) {
  ClearPteRefs(w, pfn);
  w.frames.Head(pfn).flags |= kPgIdle;
}

bool PageIsIdle(World& w, Pfn pfn) {
  if (!w.frames.Head(pfn).Has(kPgIdle)) return false;
  // It may have been touched since its bits were cleared.
  ClearPteRefs(w, pfn);
  return w.frames.Head(pfn).Has(kPgIdle);
}

std::uint64_t AgePages(World& w, MmId mm, Vpn first, Vpn last) {
  const PageTable& table = w.mm(mm).table;
  std::uint64_t young = 0;
  for (Vpn vpn = table.NextMapped(first, last); vpn < last; vpn = table.NextMapped(vpn + 1, last)) {
    young += TestAndClearYoung(w, mm, vpn) ? 1 : 0;
  }
  return young;
}

}  // namespace uffdsim
