// References to frames: who maps a frame, and when a frame is free.
//
// Mirrors: mm/rmap.c (folio_add_*_rmap, folio_remove_rmap, rmap walks), folio_put() of mm/swap.c.
// Invariant: a frame lives while it is mapped, in a page cache, in the swap cache, pinned, or holds
//            an extra reference (Page::refs of the head).
#pragma once

#include <vector>

#include "model/uffd/world.h"

namespace uffdsim {

// One more / one less page-table entry maps the frames [pfn, pfn + count). Unmap frees what nothing
// refers to any more.
void MapFrames(World& w, Pfn pfn, std::uint32_t count);
void UnmapFrames(World& w, Pfn pfn, std::uint32_t count);

// Frees the folio of `pfn` if nothing refers to it. An anonymous folio that is only in the swap
// cache leaves it (free_swap_cache()) when nobody maps it.
void MaybeFreeFolio(World& w, Pfn pfn);

// Sum of the map counts of the folio's frames.
std::uint64_t FolioMapcount(const World& w, Pfn pfn);
bool FolioPinned(const World& w, Pfn pfn);

// A place where a frame of a folio is mapped: by a PTE (level 0), a PMD leaf (1, THP or hugetlb) or
// a PUD leaf (2, hugetlb).
struct Mapping {
  MmId mm{};
  Vpn vpn{};  // page of the entry: PMD-aligned for leaves
  int level = 0;
  Pfn pfn{};  // frame that the entry maps (head for leaves)
};

// Every present mapping of the folio of `pfn`, in the order of processes and addresses. KSM folios
// included.
std::vector<Mapping> MappingsOf(const World& w, Pfn pfn);

// The VMAs that map file pages [first, last) (i_mmap), as (mm, VMA start, VMA end) snapshots.
struct FileMapping {
  MmId mm{};
  Vpn first{};  // pages of the VMA that map the range
  Vpn last{};
};
std::vector<FileMapping> FileMappingsOf(const World& w, FileId file, std::uint64_t first,
                                        std::uint64_t last);

// A new zero-filled anonymous page for `vma`, AnonExclusive, swap-backed, dirty = false, on the
// node that the VMA's policy says. Not mapped yet.
Pfn NewAnonPage(World& w, const Vma& vma, Vpn vpn, Content content);

// anon_vma_prepare(): gives the VMA an identity for its anonymous pages, reusing a neighbour's.
void PrepareAnonVma(World& w, MmId mm, Vma& vma);

// --- secondary MMU and TLB
// ------------------------------------------------------------------------
// mmu_notifier_invalidate_range_start/end over pages of an mm: removes stage-2 entries.
void NotifyInvalidate(World& w, MmId mm, Vpn first, Vpn last);
// flush_tlb_range(): all CPUs.
void FlushTlb(World& w, MmId mm, Vpn first, Vpn last);

// Reads or writes what a frame holds. Reading makes the next guest write through a stage-2 entry
// draw a new content number.
Content LookAtContent(World& w, Pfn pfn);
void SetContent(World& w, Pfn pfn, Content content);

// --- listener shorthands: nothing when nobody listens
// -----------------------------------------------
inline void EmitArm(World& w, MmId mm, Vpn first, Vpn last) {
  if (w.listener != nullptr) w.listener->OnArm(mm, first, last);
}
inline void EmitInherit(World& w, MmId from, Vpn first, Vpn last, MmId to, Vpn to_first) {
  if (w.listener != nullptr) w.listener->OnInherit(from, first, last, to, to_first);
}
inline void EmitFileChange(World& w, FileId file, std::uint64_t first, std::uint64_t last) {
  if (w.listener != nullptr) w.listener->OnFileChange(file, first, last);
}
inline void EmitLoss(World& w, MmId mm, Vpn first, Vpn last, Cause cause) {
  if (w.listener != nullptr) w.listener->OnLoss(mm, first, last, cause);
}

}  // namespace uffdsim
