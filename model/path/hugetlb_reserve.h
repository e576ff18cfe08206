// Reservations of huge pages by mappings.
//
// Mirrors: hugetlbfs_file_mmap(), hugetlb_reserve_pages(), hugetlb_vm_op_close() of mm/hugetlb.c.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// Reserves what a new hugetlb VMA needs and makes it the owner; false: the pool cannot promise it
// (mmap fails with ENOMEM). A writable mapping extends its file.
bool HugetlbReserve(World& w, Vma& vma);

}  // namespace uffdsim
