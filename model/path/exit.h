// The end of an address space.
//
// Mirrors: exit_mmap() of mm/mmap.c.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// Unmaps everything, markers included, and forgets what others know of the address space. Contexts
// that name it keep naming a dead one.
void DestroyMm(World& w, MmId mm);

}  // namespace uffdsim
