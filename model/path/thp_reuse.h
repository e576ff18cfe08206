// Reusing a frame of a large anonymous folio instead of copying it.
//
// Mirrors: __wp_can_reuse_large_anon_folio() of mm/memory.c.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// True when every reference to the folio comes from this mm's mappings of it.
bool CanReuseLargeAnon(World& w, MmId mm, const Vma& vma, Pfn pfn);

}  // namespace uffdsim
