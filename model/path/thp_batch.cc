// Entries that map a large folio alike.
//
// Mirrors: folio_pte_batch_flags() and __pte_batch_clear_ignored() of mm/internal.h.
// Marker:  an entry with the mark and one without are never of the same batch.
#include <algorithm>

#include "model/path/thp.h"

namespace uffdsim {

std::uint32_t FolioPteBatch(const World& w, MmId mm, Vpn vpn, Vpn last) {
  const Arch& arch = *w.arch;
  const PageTable& table = w.mm(mm).table;
  // What may differ is taken out of the comparison.
  const auto key = [&](Word word) {
    word = arch.ClearSoftDirty(Form::kPte, arch.MkClean(Form::kPte, word));
    return arch.MkOld(Form::kPte, arch.WrProtect(Form::kPte, word));
  };
  const Word first = table.GetPte(vpn);
  const Pfn pfn = arch.PfnOf(Form::kPte, first);
  const Pfn end = w.frames.HeadOf(pfn) + w.frames.Count(pfn);
  const std::uint64_t limit = std::min<std::uint64_t>(last - vpn, end - pfn);
  std::uint32_t count = 1;
  for (; count < limit; ++count) {
    const Word word = table.GetPte(vpn + count);
    if (!arch.Present(Form::kPte, word)) break;
    if (key(word) != arch.AdvancePfn(Form::kPte, key(first), count)) break;
  }
  return count;
}

}  // namespace uffdsim
