#include "model/path/hw_walk.h"

namespace uffdsim {

Leaf FindLeaf(const World& w, MmId mm, const Vma& vma, Vpn vpn) {
  const PageTable& table = w.mm(mm).table;
  if (vma.Hugetlb()) {
    const int level = LevelOf(vma.hstate);
    return {.level = level, .form = Form::kPmd, .word = table.GetLeaf(level, vpn)};
  }
  const Word pmd = table.GetPmd(vpn);
  if (!w.arch->None(Form::kPmd, pmd)) return {.level = 1, .form = Form::kPmd, .word = pmd};
  return {.level = 0, .form = Form::kPte, .word = table.GetPte(vpn)};
}

LeafWord ReadLeaf(const World& w, const Vma& vma, const Leaf& leaf) {
  const Arch& arch = *w.arch;
  if (!vma.Hugetlb()) return {.form = leaf.form, .word = leaf.word};
  return {.form = Form::kPte,
          .word = arch.None(leaf.form, leaf.word)
                      ? arch.NoneWord(Form::kPte)
                      : arch.HugetlbLoad(SizeOf(vma.hstate), leaf.word)};
}

Pfn FrameOf(const World& w, const Vma& vma, const Leaf& leaf, Vpn vpn) {
  const Arch& arch = *w.arch;
  const LeafWord read = ReadLeaf(w, vma, leaf);
  const std::uint64_t pages = arch.geometry().PagesPerEntry(leaf.level);
  return arch.PfnOf(read.form, read.word) + static_cast<std::uint32_t>(vpn.value & (pages - 1));
}

namespace {

// A translation that is cached is used, whatever the page table says by now.
bool Cached(const World& w, MmId mm, Vpn vpn, Access access, Pfn* pfn) {
  for (const Tlb& tlb : w.tlbs) {
    const Tlb::Entry* entry = tlb.Find(mm, vpn);
    if (entry == nullptr || (access == Access::kWrite && !entry->writable)) continue;
    *pfn = entry->pfn;
    return true;
  }
  return false;
}

// A store through it must not need the walk that makes the entry dirty.
bool StoresWithoutWalk(const Arch& arch, const Leaf& leaf) {
  const HwResult store = arch.HwAccess(leaf.form, leaf.word, Access::kWrite);
  return store.kind == HwResult::kOk && store.word == leaf.word;
}

}  // namespace

bool HwTranslate(World& w, MmId mm, const Vma& vma, Vpn vpn, Access access, Pfn* pfn) {
  if (Cached(w, mm, vpn, access, pfn)) return true;
  Leaf leaf = FindLeaf(w, mm, vma, vpn);
  const Arch& arch = *w.arch;
  if (arch.None(leaf.form, leaf.word) || !arch.HwValid(leaf.form, leaf.word)) return false;
  const HwResult result = arch.HwAccess(leaf.form, leaf.word, access);
  if (result.kind != HwResult::kOk) return false;
  if (result.word != leaf.word) {
    PageTable& table = w.mm(mm).table;
    if (leaf.level == 0) {
      table.SetPte(vpn, result.word);
    } else {
      table.SetLeaf(leaf.level, vpn, result.word);
    }
    leaf.word = result.word;
  }
  *pfn = FrameOf(w, vma, leaf, vpn);
  for (Tlb& tlb : w.tlbs) {
    tlb.Fill({.mm = mm, .vpn = vpn, .pfn = *pfn, .writable = StoresWithoutWalk(arch, leaf)});
  }
  return true;
}

bool VmaAllows(const Vma& vma, Access access) {
  if (access == Access::kWrite) return vma.Has(kVmWrite);
  return vma.Accessible();
}

}  // namespace uffdsim
