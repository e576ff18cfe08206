#include "model/path/range.h"

#include "model/mm/entry.h"

namespace uffdsim {

RangePage PageAt(const World& w, MmId mm, Vpn vpn) {
  const Vma* vma = w.mm(mm).vmas.Find(vpn);
  if (vma == nullptr) return {.vpn = vpn};
  const Leaf leaf = FindLeaf(w, mm, *vma, vpn);
  const auto [form, word] = ReadLeaf(w, *vma, leaf);
  return {.vma = vma, .vpn = vpn, .level = leaf.level, .form = form, .word = word};
}

Pfn FrameAt(const World& w, const RangePage& page) {
  const Arch& arch = *w.arch;
  if (page.vma == nullptr || arch.None(page.form, page.word)) return Pfn(0);
  if (!arch.Present(page.form, page.word)) return Pfn(0);
  const std::uint64_t within = page.vpn.value & (arch.geometry().PagesPerEntry(page.level) - 1);
  return arch.PfnOf(page.form, page.word) + static_cast<std::uint32_t>(within);
}

}  // namespace uffdsim
