// Files of hugetlbfs: what differs from shmem files.
//
// Mirrors: fs/hugetlbfs/inode.c.
#pragma once

#include "model/path/step.h"

namespace uffdsim {

// Whether a page number or a count of pages is one of whole huge pages.
bool HugetlbAligned(const World& w, Hstate h, std::uint64_t pages);
// Punch (whole huge pages go, partial ones are zeroed) or allocate; fills the outcome.
void HugetlbFallocate(World& w, Task& t, std::uint64_t first, std::uint64_t last);
// Content of a base page of the file; zero for a hole.
Content HugetlbRead(World& w, FileId file, std::uint64_t index);

}  // namespace uffdsim
