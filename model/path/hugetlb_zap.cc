// Discarding hugetlb entries and the pages of hugetlb files.
//
// Mirrors: __unmap_hugepage_range() of mm/hugetlb.c; hugetlbfs_punch_hole(), hugetlb_vmtruncate(),
//          remove_inode_hugepages() of fs/hugetlbfs/inode.c.
// Marker:  a protected entry of a WP VMA, populated or not, leaves a uffd-wp marker unless markers
//          are dropped, as truncation does; an armed RWP entry leaves nothing; a poison marker
//          goes.
#include <algorithm>

#include "model/mm/entry.h"
#include "model/path/huge.h"
#include "model/path/hugetlb.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"

namespace uffdsim {
namespace {

void ZapEntry(World& w, MmId mm, const Vma& vma, Vpn vpn, ZapMarkers markers) {
  const Arch& arch = *w.arch;
  const Word word = HugeEntry(w, mm, vpn);
  if (arch.None(Form::kPte, word)) return;
  SetHugeEntry(w, mm, vpn, w.steps->site.hugetlb_zapped(w, vma, word, markers));
  // A migrating or failed page was unmapped before.
  if (!arch.Present(Form::kPte, word)) return;
  const Pfn head = arch.PfnOf(Form::kPte, word);
  if (arch.Dirty(Form::kPte, word)) w.frames[head].flags |= kPgDirty;
  RestoreReservation(w, vma, vpn, head);
  UnmapFrames(w, head, w.frames.Count(head));
}

// remove_inode_single_folio() for each cached page in [first, last) huge pages; how many there
// were.
std::uint64_t DropCached(World& w, FileId id, std::uint64_t first, std::uint64_t last) {
  EmitFileChange(w, id, first * HugePages(w),
                 std::min(last, ~std::uint64_t{0} / HugePages(w)) * HugePages(w));
  std::vector<Pfn> heads;
  w.file(id).cache.ForEach(first * HugePages(w), last * HugePages(w),
                           [&](std::size_t, CacheSlot slot) {
                             if (!w.frames[slot.pfn()].Has(kPgTail)) heads.push_back(slot.pfn());
                           });
  for (const Pfn head : heads) {
    for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) {
      w.file(id).cache.Set(w.frames[head].index + i, CacheSlot{});
    }
    w.frames[head].file = FileId(0);
    w.frames[head].flags &= ~static_cast<std::uint32_t>(kPgDirty);
    MaybeFreeFolio(w, head);
  }
  return heads.size();
}

// hugetlbfs_zero_partial_page(): base pages [first, last) of one huge page.
void ZeroPart(World& w, FileId id, std::uint64_t first, std::uint64_t last) {
  const std::uint64_t index = first / HugePages(w);
  const Pfn head = CachedHuge(w, id, index);
  if (head == Pfn(0)) return;
  for (std::uint64_t i = first; i < last; ++i) {
    SetContent(w, head + static_cast<std::uint32_t>(i - index * HugePages(w)), 0);
  }
  EmitFileChange(w, id, first, last);
}

void Truncate(World& w, FileId id, std::uint64_t first) {
  constexpr std::uint64_t kEnd = ~std::uint64_t{0};
  UnmapFileRange(w, id, first, kEnd, ZapMarkers::kDrop, ZapCowed::kZap, Cause::kUnmap);
  const std::uint64_t index = first / HugePages(w);
  const std::uint64_t freed = DropCached(w, id, index, kEnd / HugePages(w));
  UnreserveFile(w, id, index, kEnd, freed);
}

// A punched page loses its promise with it; promises for pages that were never made stay.
void PunchWhole(World& w, FileId id, std::uint64_t first, std::uint64_t last) {
  UnmapFileRange(w, id, first, last, ZapMarkers::kKeep, ZapCowed::kZap, Cause::kZap);
  for (std::uint64_t i = first / HugePages(w); i < last / HugePages(w); ++i) {
    if (DropCached(w, id, i, i + 1) != 0) UnreserveFile(w, id, i, i + 1, 1);
  }
}

}  // namespace

Word HugetlbZapped(const World& w, const Vma& vma, Word word, ZapMarkers markers) {
  const Arch& arch = *w.arch;
  const bool marked = arch.Present(Form::kPte, word) ? arch.Uffd(Form::kPte, word)
                                                     : SwpUffdAny(arch, Form::kPte, word);
  const bool leaves = vma.UffdWp() && marked && markers == ZapMarkers::kKeep;
  return leaves ? MakeMarker(arch, kMarkerUffdWp) : arch.NoneWord(Form::kPte);
}

void HugetlbZapRange(World& w, MmId mm, const Vma& vma, Vpn first, Vpn last, ZapMarkers markers) {
  for (Vpn vpn = first; vpn < last; vpn = vpn + HugePages(w)) ZapEntry(w, mm, vma, vpn, markers);
}

void HugetlbPunch(World& w, FileId id, std::uint64_t first, std::uint64_t last,
                  ZapMarkers markers) {
  if (markers == ZapMarkers::kDrop) return Truncate(w, id, first);
  const std::uint64_t mask = HugePages(w) - 1;
  const std::uint64_t hole_first = (first + mask) & ~mask;
  const std::uint64_t hole_last = last & ~mask;
  if (first < hole_first) ZeroPart(w, id, first, std::min(last, hole_first));
  if (last > hole_last && last > hole_first) ZeroPart(w, id, hole_last, last);
  if (hole_first < hole_last) PunchWhole(w, id, hole_first, hole_last);
}

}  // namespace uffdsim
