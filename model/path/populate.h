// Faulting a range in on behalf of a system call.
//
// Mirrors: faultin_page_range() (MADV_POPULATE_*), __mm_populate() and populate_vma_page_range()
//          (mlock, mmap) of mm/gup.c. Sleeps in userfaultfd like any other fault.
#pragma once

#include "model/path/step.h"

namespace uffdsim {

enum class PopulateKind : std::uint8_t {
  kRead,   // MADV_POPULATE_READ
  kWrite,  // MADV_POPULATE_WRITE
  kLock,   // mlock: write faults in private writable VMAs, else reads; stops at the first error
  // mprotect of a locked VMA that becomes writable: as kLock, but under the mmap lock, which it may
  // not let go of: a fault that would sleep ends it.
  kProtect,
  kMap,  // MAP_POPULATE, MAP_LOCKED: as kLock, but goes on with the next VMA after an error
};

// Pushes the path; when it returns, Task::error has its result as the gup layer reports it.
void PushPopulate(Task& t, MmId mm, Vpn first, Vpn last, PopulateKind kind);

}  // namespace uffdsim
