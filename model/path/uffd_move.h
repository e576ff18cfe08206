// UFFDIO_MOVE: anonymous pages change their place without being copied.
//
// Mirrors: userfaultfd_move(), move_pages() and below of mm/userfaultfd.c, move_pages_huge_pmd() of
//          mm/huge_memory.c.
// Marker:  a present page is mapped afresh: the source's mark is not looked at, and in an RWP VMA
// it
//          arrives armed, in a WP VMA unprotected. A swap entry keeps its mark and gets one in an
//          RWP VMA. That is how an RWP mark can end up in a VMA of another kind.
#pragma once

#include "model/path/step.h"

namespace uffdsim {

inline constexpr std::uint64_t kMoveDontwake = 1;
inline constexpr std::uint64_t kMoveHoles = 2;

// --- marks: what arrives in `dst` for a source word ---
Word UffdMovedPresent(const World& w, const Vma& dst, Pfn pfn, Word source);
Word UffdMovedZero(const World& w, const Vma& dst);
Word UffdMovedSwap(const World& w, const Vma& dst, Word source);
Word UffdMovedPmd(const World& w, const Vma& dst, Word source);
// A present word that arrives: armed in an RWP VMA whatever it was.
// A huge zero page without the mark of its source.
Word UffdMovedHugeZero(const World& w, Word word);
Word UffdMoveRearmed(const World& w, const Vma& dst, Form form, Word word);

// --- decisions ---
// Whether the page of an exclusive mapping has to stay where it is.
bool UffdMoveRefuses(const World& w, Pfn pfn);
// folio_move_anon_rmap(): the index of the folio of `pfn` follows it to `vpn` of `dst`.
void UffdMoveRehomes(World& w, const Vma& dst, Vpn vpn, Pfn pfn);

}  // namespace uffdsim
