// Reading, writing and making hugetlb entries.
//
// Mirrors: huge_ptep_get(), set_huge_pte_at(), huge_pte_clear(), make_huge_pte() of mm/hugetlb.c.
#include "model/path/hugetlb.h"

namespace uffdsim {

Word HugeEntry(const World& w, MmId mm, Vpn vpn) {
  const Arch& arch = *w.arch;
  const Word raw = w.mm(mm).table.GetPmd(vpn);
  return arch.None(Form::kPmd, raw) ? arch.NoneWord(Form::kPte)
                                    : arch.HugetlbLoad(HugeSize::kPmd, raw);
}

void SetHugeEntry(World& w, MmId mm, Vpn vpn, Word word) {
  const Arch& arch = *w.arch;
  w.mm(mm).table.SetPmd(HugeFirst(w, vpn), arch.None(Form::kPte, word)
                                               ? arch.NoneWord(Form::kPmd)
                                               : arch.HugetlbStore(HugeSize::kPmd, word));
}

Word MakeHugeEntry(const World& w, const Vma& vma, Pfn head, HugeWrite write) {
  const Arch& arch = *w.arch;
  Word word = arch.HugetlbMake(HugeSize::kPmd, head.value, vma.page_prot);
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
