// Reservations of huge pages by mappings.
//
// Mirrors: hugetlb_reserve_pages(), hugetlb_vm_op_close() of mm/hugetlb.c.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// Reserves what a new hugetlb VMA needs; false: the pool cannot promise it (mmap fails with ENOMEM).
bool HugetlbReserve(World& w, const Vma& vma);

}  // namespace uffdsim
