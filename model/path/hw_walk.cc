#include "model/path/hw_walk.h"

namespace uffdsim {

Leaf FindLeaf(const World& w, MmId mm, Vpn vpn) {
  const PageTable& table = w.mm(mm).table;
  const Word pmd = table.GetPmd(vpn);
  if (!w.arch->None(Form::kPmd, pmd)) return {.level = 1, .form = Form::kPmd, .word = pmd};
  return {.level = 0, .form = Form::kPte, .word = table.GetPte(vpn)};
}

Pfn FrameOf(const World& w, const Vma& vma, const Leaf& leaf, Vpn vpn) {
  const Arch& arch = *w.arch;
  if (leaf.level == 0) return arch.PfnOf(Form::kPte, leaf.word);
  const auto offset = static_cast<std::uint32_t>(vpn.value & (arch.geometry().PmdPages() - 1));
  if (vma.Hugetlb()) {
    return arch.PfnOf(Form::kPte, arch.HugetlbLoad(HugeSize::kPmd, leaf.word)) + offset;
  }
  return arch.PfnOf(Form::kPmd, leaf.word) + offset;
}

bool HwTranslate(World& w, MmId mm, const Vma& vma, Vpn vpn, Access access, Pfn* pfn) {
  const Leaf leaf = FindLeaf(w, mm, vpn);
  const Arch& arch = *w.arch;
  if (arch.None(leaf.form, leaf.word) || !arch.HwValid(leaf.form, leaf.word)) return false;
  const HwResult result = arch.HwAccess(leaf.form, leaf.word, access);
  if (result.kind != HwResult::kOk) return false;
  if (result.word != leaf.word) {
    PageTable& table = w.mm(mm).table;
    if (leaf.level == 0) {
      table.SetPte(vpn, result.word);
    } else {
      table.SetPmd(vpn, result.word);
    }
  }
  *pfn = FrameOf(w, vma, leaf, vpn);
  return true;
}

bool VmaAllows(const Vma& vma, Access access) {
  if (access == Access::kWrite) return vma.Has(kVmWrite);
  return vma.Accessible();
}

}  // namespace uffdsim
