// Memory pressure: the pages that back a range are reclaimed, whoever else maps them.
//
// Mirrors: shrink_folio_list() of mm/vmscan.c, which meets a folio on the reclaim lists, not
// through
//          a page table; here a range says which ones. Enough pressure is assumed that a young page
//          goes too. Unlike MADV_PAGEOUT it takes pages that others map as well, pages of the
//          page cache that nobody maps, and what only the swap cache still has.
// Rules:   the steps are those of pageout.cc.
#include "model/mm/entry.h"
#include "model/path/range.h"
#include "model/path/swap_out.h"

namespace uffdsim {
namespace {

// The frame that holds the page's content, mapped here or not; Pfn(0) when no frame does.
Pfn BackingFrame(const World& w, const RangePage& page) {
  const Arch& arch = *w.arch;
  if (page.vma == nullptr || page.vma->Hugetlb()) return Pfn(0);
  if (const Pfn pfn = FrameAt(w, page); pfn != Pfn(0)) return pfn;
  if (Classify(arch, page.form, page.word) == EntryKind::kSwap) {
    return w.swap[SwapSlotOf(arch, page.word)].cache;
  }
  if (page.vma->Anonymous()) return Pfn(0);
  const CacheSlot slot = w.files[page.vma->file.value].cache.Get(page.vma->IndexOf(page.vpn));
  if (slot.is_swap()) return w.swap[slot.swap()].cache;
  return slot.is_frame() ? slot.pfn() : Pfn(0);
}

}  // namespace

Pfn TakeReclaimable(World& w, MmId mm, Vpn* cur, Vpn last) {
  while (*cur < last) {
    const Pfn pfn = BackingFrame(w, PageAt(w, mm, *cur));
    ++*cur;
    if (pfn == Pfn(0) || w.frames.Head(pfn).Has(kPgZero)) continue;
    const Pfn head = w.frames.HeadOf(pfn);
    if (IsolateFolio(w, head)) return head;
  }
  return Pfn(0);
}

void Start_reclaim(World& w, Task& t) {
  const NamedPages range = RangeOf(w, t.op);
  PushReclaim(t, t.mm, range.first, range.last);
}

}  // namespace uffdsim
