// Long-term pins: buffers registered with io_uring.
//
// Mirrors: io_sqe_buffer_register() and io_pin_pages() of io_uring/rsrc.c. A buffer lives as long
//          as a process has a descriptor of its ring; fork() duplicates descriptors.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// fork(): the child has the parent's descriptors.
void DupPins(World& w, MmId parent, MmId child);
// The end of a process closes its descriptors.
void DropPins(World& w, MmId mm);

}  // namespace uffdsim
