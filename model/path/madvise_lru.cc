// MADV_FREE, MADV_COLD and MADV_WILLNEED.
//
// Mirrors: madvise_free_pte_range(), madvise_cold_or_pageout_pte_range(), madvise_willneed() of
//          mm/madvise.c, madvise_free_huge_pmd() of mm/huge_memory.c.
// Marker:  untouched: only young and dirty are cleared.
#include <algorithm>

#include "model/mm/entry.h"
#include "model/path/fault.h"
#include "model/path/huge.h"
#include "model/path/madvise.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/swap_out.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

// A part of one VMA under advice.
struct Piece {
  MmId mm;
  const Vma* vma;
  Vpn last;
};

Vpn PmdEnd(const World& w, const Piece& piece, Vpn vpn) {
  const std::uint64_t pages = w.mm(piece.mm).table.PmdPages();
  return std::min(piece.last, Vpn((vpn.value | (pages - 1)) + 1));
}

// folio_mark_lazyfree().
void MarkLazyfree(Page& folio) {
  if (!folio.Has(kPgAnon) || folio.Has(kPgSwapCache) || !folio.Has(kPgLru)) return;
  folio.flags &= ~static_cast<std::uint32_t>(kPgSwapBacked);
}

enum class Clear : std::uint8_t { kYoung, kYoungDirty };

// clear_young_dirty_ptes(): keeps protection, frame and mark.
Word ClearedWord(const Arch& arch, Form form, Word word, Clear clear) {
  word = arch.MkOld(form, word);
  return clear == Clear::kYoungDirty ? arch.MkClean(form, word) : word;
}

// A large folio of which the range covers only a part is split first. kRetry: look at the entry
// again.
enum class Large : std::uint8_t { kWhole, kRetry, kSkip };

Large SplitIfPartial(World& w, const Piece& piece, Vpn vpn, Pfn pfn) {
  const std::uint32_t count = w.frames.Count(pfn);
  if (count == 1) return Large::kWhole;
  const Pfn head = w.frames.HeadOf(pfn);
  const Vpn end = std::min(piece.last, PmdStart(w, vpn) + w.mm(piece.mm).table.PmdPages());
  const std::uint32_t batch = FolioPteBatch(w, piece.mm, vpn, end);
  if (batch == count) return Large::kWhole;
  return !FolioMappedShared(w, head) && SplitFolio(w, head) ? Large::kRetry : Large::kSkip;
}

// Takes the folio's dirtiness away, if nobody else maps it; false when it must stay as it is.
bool DiscardDirt(World& w, Pfn head) {
  Page& folio = w.frames[head];
  if (!folio.Has(kPgSwapCache) && !folio.Has(kPgDirty)) return true;
  if (FolioMapcount(w, head) != w.frames.Count(head)) return false;
  if (folio.Has(kPgSwapCache)) {
    FreeSwapIfUnused(w, head);
    if (folio.Has(kPgSwapCache)) return false;
  }
  folio.flags &= ~static_cast<std::uint32_t>(kPgDirty);
  return true;
}

void FreeNonpresent(World& w, const Piece& piece, Vpn vpn, Word word) {
  const Arch& arch = *w.arch;
  const EntryKind kind = Classify(arch, Form::kPte, word);
  const bool poison = kind == EntryKind::kHwPoison || (MarkerOf(arch, word) & kMarkerPoisoned) != 0;
  if (kind != EntryKind::kSwap && !poison) return;
  w.mm(piece.mm).table.SetPte(vpn, arch.NoneWord(Form::kPte));
  if (kind == EntryKind::kSwap) ReleaseSwapEntry(w, SwapSlotOf(arch, word));
  EmitLoss(w, piece.mm, vpn, vpn + 1, Cause::kZap);
}

// Returns the page to look at next.
Vpn FreePte(World& w, const Piece& piece, Vpn vpn) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(piece.mm).table;
  const Word word = table.GetPte(vpn);
  if (arch.None(Form::kPte, word)) return vpn + 1;
  if (!arch.Present(Form::kPte, word)) {
    FreeNonpresent(w, piece, vpn, word);
    return vpn + 1;
  }
  const Pfn pfn = arch.PfnOf(Form::kPte, word);
  if (w.frames[pfn].Has(kPgZero)) return vpn + 1;
  const Large large = SplitIfPartial(w, piece, vpn, pfn);
  if (large == Large::kRetry) return vpn;
  if (large == Large::kSkip) return vpn + 1;
  const Pfn head = w.frames.HeadOf(pfn);
  const std::uint32_t count = w.frames.Count(head);
  if (!DiscardDirt(w, head)) return vpn + 1;
  for (std::uint32_t i = 0; i < count; ++i) {
    table.SetPte(vpn + i, ClearedWord(arch, Form::kPte, table.GetPte(vpn + i), Clear::kYoungDirty));
  }
  MarkLazyfree(w.frames[head]);
  return vpn + count;
}

// madvise_free_huge_pmd() and the PMD half of madvise_cold_or_pageout_pte_range(): false when the
// range goes on at PTE level.
template <Clear kClear>
bool AgePmd(World& w, const Piece& piece, Vpn vpn, Word word) {
  const Arch& arch = *w.arch;
  if (!arch.Present(Form::kPmd, word)) return true;
  const Pfn head = w.frames.HeadOf(arch.PfnOf(Form::kPmd, word));
  if (w.frames[head].Has(kPgZero) || FolioMappedShared(w, head)) return true;
  if (PmdEnd(w, piece, vpn) - vpn != w.mm(piece.mm).table.PmdPages()) {
    return !SplitFolio(w, head);
  }
  w.mm(piece.mm).table.SetPmd(vpn, ClearedWord(arch, Form::kPmd, word, kClear));
  if constexpr (kClear == Clear::kYoungDirty) {
    w.frames[head].flags &= ~static_cast<std::uint32_t>(kPgDirty);
    MarkLazyfree(w.frames[head]);
  }
  return true;
}

Vpn ColdPte(World& w, const Piece& piece, Vpn vpn) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(piece.mm).table;
  const Word word = table.GetPte(vpn);
  if (arch.None(Form::kPte, word) || !arch.Present(Form::kPte, word)) return vpn + 1;
  const Pfn pfn = arch.PfnOf(Form::kPte, word);
  if (w.frames[pfn].Has(kPgZero)) return vpn + 1;
  const Large large = SplitIfPartial(w, piece, vpn, pfn);
  if (large == Large::kRetry) return vpn;
  if (large == Large::kSkip) return vpn + 1;
  const Pfn head = w.frames.HeadOf(pfn);
  const std::uint32_t count = w.frames.Count(head);
  if (!w.frames[head].Has(kPgLru) || FolioMapcount(w, head) != count) return vpn + count;
  for (std::uint32_t i = 0; i < count; ++i) {
    table.SetPte(vpn + i, ClearedWord(arch, Form::kPte, table.GetPte(vpn + i), Clear::kYoung));
  }
  return vpn + count;
}

using PteFn = Vpn (*)(World&, const Piece&, Vpn);
using PmdFn = bool (*)(World&, const Piece&, Vpn, Word);

void WalkPiece(World& w, const Piece& piece, Vpn first, PteFn pte, PmdFn pmd) {
  Vpn vpn = first;
  while (true) {
    const PageTable& table = w.mm(piece.mm).table;
    vpn = table.NextMapped(vpn, piece.last);
    if (vpn >= piece.last) break;
    const Word word = table.GetPmd(vpn);
    if (w.arch->None(Form::kPmd, word)) {
      vpn = pte(w, piece, vpn);
    } else if (pmd(w, piece, vpn, word)) {
      vpn = PmdEnd(w, piece, vpn);
    }
  }
  w.steps->site.flush_aged(w, piece.mm, first, piece.last);
}

}  // namespace

Errno AdviseFree(World& w, MmId mm, const Vma& vma, Vpn first, Vpn last) {
  if (!vma.Anonymous()) return Errno::kEINVAL;
  NotifyInvalidate(w, mm, first, last);
  WalkPiece(w, {.mm = mm, .vma = &vma, .last = last}, first, &FreePte, &AgePmd<Clear::kYoungDirty>);
  return Errno::kOk;
}

Errno AdviseCold(World& w, MmId mm, const Vma& vma, Vpn first, Vpn last) {
  WalkPiece(w, {.mm = mm, .vma = &vma, .last = last}, first, &ColdPte, &AgePmd<Clear::kYoung>);
  return Errno::kOk;
}

Errno AdviseWillneed(World& w, MmId mm, const Vma& vma, Vpn first, Vpn last) {
  const Arch& arch = *w.arch;
  if (vma.Hugetlb()) return Errno::kOk;
  if (vma.Anonymous()) {
    PageTable& table = w.mm(mm).table;
    for (Vpn vpn = table.NextMapped(first, last); vpn < last;
         vpn = table.NextMapped(vpn + 1, last)) {
      const Word word = table.GetPte(vpn);
      if (Classify(arch, Form::kPte, word) != EntryKind::kSwap) continue;
      ReadSwapSlot(w, SwapSlotOf(arch, word), vma.node());
    }
    return Errno::kOk;
  }
  // shmem_swapin_range(): the page cache keeps its swap entries, the pages wait in the swap cache.
  std::vector<SwapSlot> slots;
  w.file(vma.file).cache.ForEach(vma.IndexOf(first), vma.IndexOf(last),
                                 [&](std::size_t, CacheSlot slot) {
                                   if (slot.is_swap()) slots.push_back(slot.swap());
                                 });
  for (const SwapSlot slot : slots) ReadSwapSlot(w, slot, 0);
  return Errno::kOk;
}

}  // namespace uffdsim
