// What a path cannot do without: pages, page tables, VMAs. The environment may refuse them
// (World::choices); each caller then does what the kernel does when memory runs out there.
//
// Mirrors: pte_alloc(), pmd_alloc() of include/linux/mm.h, vma_alloc_folio(), split_vma() of
// mm/vma.c.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// Memory for a base page, or for a huge one. True: go on and take it.
bool PageAvailable(World& w);
bool HugePageAvailable(World& w);

// Makes the page table of `vpn`, or the tables down to the PMD's. False when it was missing and
// there is no memory for it; nothing changed then.
bool AllocPteTable(World& w, MmId mm, Vpn vpn);
bool AllocPmdTable(World& w, MmId mm, Vpn vpn);

// SplitVma(), which needs a new VMA when no boundary is at `vpn` yet. False when it cannot be had.
bool TrySplitVma(World& w, MmId mm, Vpn vpn);
// vma_modify(): a VMA of its own for [start, end), which lies in one VMA. EINVAL where that would
// cut a hugetlb page, ENOMEM where a VMA cannot be had; a boundary at `start` stays when `end` gets
// none.
Errno SplitOutVma(World& w, MmId mm, Vpn start, Vpn end);

}  // namespace uffdsim
