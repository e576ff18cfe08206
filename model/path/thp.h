// What reclaim, madvise and KSM need from transparent huge pages.
//
// Mirrors: split_folio(), __split_huge_pmd() of mm/huge_memory.c, madvise_collapse() of
//          mm/khugepaged.c.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// split_folio(): turns a large anonymous or shmem folio into single pages. Mappings become PTEs that
// carry over soft-dirty, uffd (and PROT_NONE with it in an RWP VMA), young, dirty and exclusivity;
// the mappings of a file folio are erased. Zero-filled anonymous subpages become the zero page.
// Expects one extra reference of the caller (Page::refs of the head may be 1 or 0, not more); false,
// and nothing changed except that PMD mappings may be split, when somebody else holds the folio.
bool SplitFolio(World& w, Pfn head);

// __split_huge_pmd(): splits the PMD leaf that covers `vpn` into PTEs of the same folio.
void SplitPmd(World& w, MmId mm, const Vma& vma, Vpn vpn);

// madvise_collapse() of the part [first, last) of one VMA. The error is what madvise(2) returns.
Errno CollapseRange(World& w, MmId mm, Vma& vma, Vpn first, Vpn last);

}  // namespace uffdsim
