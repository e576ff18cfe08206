// Idle page tracking, and what reclaim does to the same bits.
//
// Mirrors: mm/page_idle.c (page_idle_bitmap_read(), page_idle_bitmap_write(),
//          page_idle_clear_pte_refs()); walk_pte_range() of mm/vmscan.c for MGLRU's page-table
//          walks.
// Rules:   both clear accessed bits in page tables and, through the MMU notifier, in stage 2. Idle
//          page tracking notes in the folio what it took away; MGLRU's walk does not, so a page
//          that it looked at first seems idle although it was touched.
// Marker:  untouched: only accessed bits are cleared.
// Units:   pages. Base pages only: huge mappings are left alone.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// Writing a one to the frame's bit: its accessed bits are cleared, and it is idle from now on.
void SetPageIdle(World& w, Pfn pfn);
// Reading the frame's bit: whether nobody touched it since.
bool PageIsIdle(World& w, Pfn pfn);

// MGLRU's walk over pages [first, last) of a process. Returns how many had been touched.
std::uint64_t AgePages(World& w, MmId mm, Vpn first, Vpn last);

}  // namespace uffdsim
