// What the general paths need from the huge page code: THP (thp_*.cc) and hugetlb (hugetlb_*.cc).
//
// Mirrors: mm/huge_memory.c, mm/hugetlb.c.
#pragma once

#include "model/path/zap.h"

namespace uffdsim {

// --- THP
// ------------------------------------------------------------------------------------------ Zaps
// the PMD leaf or PMD softleaf that covers [first, last). kSplit: the range was only a part of it
// and it was split; go on at PTE level (a file PMD is then none).
enum class PmdZap : std::uint8_t { kDone, kSplit };
PmdZap ZapPmd(World& w, MmId mm, const Vma& vma, Vpn first, Vpn last, ZapCowed cowed);
// Removes the part [first, last) of a large page-cache folio: splits it if only a part goes.
void DropLargeCachePage(World& w, FileId file, Pfn pfn, std::uint64_t first, std::uint64_t last);

// --- hugetlb
// ----------------------------------------------------------------------------------------
// What a discarded entry leaves behind.
Word HugetlbZapped(const World& w, const Vma& vma, Word word, ZapMarkers markers);
void HugetlbZapRange(World& w, MmId mm, const Vma& vma, Vpn first, Vpn last, ZapMarkers markers);
// A hugetlb VMA goes away: gives unused reservations back. Nothing for other VMAs.
void HugetlbVmaClose(World& w, const Vma& vma);
// Hole punch and truncation of a hugetlb file, offsets in base pages.
void HugetlbPunch(World& w, FileId file, std::uint64_t first, std::uint64_t last,
                  ZapMarkers markers);

// --- swap
// ------------------------------------------------------------------------------------------- Drops
// one reference to a swap slot, and the swap-cache page that nobody needs any more.
void ReleaseSwapEntry(World& w, SwapSlot slot);

}  // namespace uffdsim
