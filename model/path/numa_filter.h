// Which pages the NUMA scanner makes inaccessible.
//
// Mirrors: folio_can_map_prot_numa() of mm/mempolicy.c / include/linux/mm.h.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// Whether the scanner protects this page of `vma`: not the zero page, KSM, pinned, COW-shared,
// dirty file pages, nor pages that are already local to a single-threaded private user.
bool NumaSuitable(const World& w, MmId mm, const Vma& vma, Pfn pfn);

}  // namespace uffdsim
