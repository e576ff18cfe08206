// The parts of madvise(2), one function per kind of advice.
//
// Mirrors: mm/madvise.c. Each works on the part [first, last) of one VMA, under the locks that the
//          kernel holds there, and returns what madvise_vma_behavior() returns for it.
#pragma once

#include "model/path/step.h"

namespace uffdsim {

// madvise_free_single_vma(): lazyfree. Swap entries, poison and hwpoison entries go; present
// entries stay, clean and old, with their mark.
Errno AdviseFree(World& w, MmId mm, const Vma& vma, Vpn first, Vpn last);
// madvise_cold(): entries become old, with their mark.
Errno AdviseCold(World& w, MmId mm, const Vma& vma, Vpn first, Vpn last);
// madvise_willneed(): swapped pages are read into the swap cache; entries stay.
Errno AdviseWillneed(World& w, MmId mm, const Vma& vma, Vpn first, Vpn last);

// madvise_guard_install() and _remove(). EAGAIN of the first: the range could not be cleared (a
// protected file page leaves a uffd-wp marker each time it is zapped), so the call restarts.
Errno GuardInstall(World& w, MmId mm, Vma& vma, Vpn first, Vpn last);
Errno GuardRemove(World& w, MmId mm, const Vma& vma, Vpn first, Vpn last);

}  // namespace uffdsim
