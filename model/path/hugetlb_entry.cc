// Reading, writing and making hugetlb entries.
//
// Mirrors: huge_ptep_get(), set_huge_pte_at(), huge_pte_clear(), make_huge_pte() of mm/hugetlb.c.
#include "model/path/hugetlb.h"

namespace uffdsim {

Word HugeEntry(const World& w, MmId mm, const Vma& vma, Vpn vpn) {
  const Arch& arch = *w.arch;
  const Word raw = w.mm(mm).table.GetLeaf(LevelOf(vma.hstate), vpn);
  return arch.None(Form::kPmd, raw) ? arch.NoneWord(Form::kPte)
                                    : arch.HugetlbLoad(SizeOf(vma.hstate), raw);
}

void SetHugeEntry(World& w, MmId mm, const Vma& vma, Vpn vpn, Word word) {
  const Arch& arch = *w.arch;
  w.mm(mm).table.SetLeaf(LevelOf(vma.hstate), HugeFirst(w, vma, vpn),
                         arch.None(Form::kPte, word) ? arch.NoneWord(Form::kPmd)
                                                     : arch.HugetlbStore(SizeOf(vma.hstate), word));
}

bool HasHugeTable(const World& w, MmId mm, const Vma& vma, Vpn vpn) {
  return w.mm(mm).table.HasTableOf(LevelOf(vma.hstate), vpn);
}

bool AllocHugeTable(World& w, MmId mm, const Vma& vma, Vpn vpn) {
  if (HasHugeTable(w, mm, vma, vpn)) return true;
  if (w.Chooses(ChoicePoint::k_fail_page_table)) return false;
  w.mm(mm).table.EnsureTableOf(LevelOf(vma.hstate), vpn);
  return true;
}

Word MakeHugeEntry(const World& w, const Vma& vma, Pfn head, HugeWrite write) {
  const Arch& arch = *w.arch;
  Word word = arch.HugetlbMake(SizeOf(vma.hstate), head.value, vma.page_prot);
  if (write == HugeWrite::kIfAllowed && vma.Has(kVmWrite)) {
    word = arch.MkWriteNovma(Form::kPte, arch.MkDirty(Form::kPte, word));
  } else {
    word = arch.WrProtect(Form::kPte, word);
  }
  return arch.MkYoung(Form::kPte, word);
}

Word ModifyHugeEntry(const World& w, Word word, Pgprot prot) {
  return w.arch->MkHuge(w.arch->Modify(Form::kPte, word, prot));
}

}  // namespace uffdsim
