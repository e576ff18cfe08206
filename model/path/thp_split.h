// Splitting the PMD mapping of a THP into a table of PTEs.
//
// Mirrors: __split_huge_pmd_locked() and zap_huge_pmd's file case of mm/huge_memory.c.
// Marker:  the mark of the PMD goes to all PTEs; in an RWP VMA they end up PROT_NONE again. A file
//          PMD has no mark: its mapping is erased.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// split_huge_pmd(): the PMD slot that covers `vpn` holds a leaf or a softleaf; afterwards it has a PTE
// table (anonymous) or is empty (page cache). Nothing happens when there is no leaf. Flushes and
// notifies. The folio stays large.
void SplitPmd(World& w, MmId mm, const Vma& vma, Vpn vpn);

}  // namespace uffdsim
