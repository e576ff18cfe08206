// KSM's stable tree: the shared pages, by what they hold.
//
// Mirrors: mm/ksm.c, the stable tree. Pages are frames of World::ksm.stable, in the order in which
//          they became shared.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// ksm_get_folio(): the frame still is a mapped KSM page.
bool IsStable(const World& w, Pfn pfn);

// stable_tree_search(): of several pages with this content the newest that takes one more. When all
// are full, the page waits for a partner to become another one with. Pfn(0): none. Forgets the
// pages that are not shared any more.
Pfn FindStable(World& w, Content content);

}  // namespace uffdsim
