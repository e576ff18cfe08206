// The hugetlb part of the filling ioctls.
//
// Mirrors: mfill_atomic_hugetlb() of mm/userfaultfd.c, hugetlb_mfill_atomic_pte() of mm/hugetlb.c.
#pragma once

#include "model/path/uffd_ioctl.h"

namespace uffdsim {

// Alignment and operation checks: EINVAL for a misaligned range or ZEROPAGE.
Errno HugetlbFillCheck(const World& w, FillOp op, const Vma& vma, std::uint64_t start,
                       std::uint64_t length);
// One huge page at `vpn` (aligned). For COPY every base page gets `content`.
Errno HugetlbFillPage(World& w, CtxId ctx, FillOp op, Vpn vpn, Content content, std::uint64_t mode);
// COPY from memory: whether the place is free, before the source is read; then the folio that
// gathered the source.
Errno HugetlbCopyReady(const World& w, CtxId ctx, Vpn vpn);
Errno HugetlbCopyFolio(World& w, CtxId ctx, Vpn vpn, Pfn source, std::uint64_t mode);

}  // namespace uffdsim
