// Where huge pages may be used.
//
// Mirrors: __thp_vma_allowable_orders() of mm/huge_memory.c, thp_vma_suitable_order() and
//          vma_thp_disabled() of include/linux/huge_mm.h, shmem_allowable_huge_orders() of
//          mm/shmem.c.
// Marker:  none of it looks at userfaultfd: an RWP or WP VMA gets huge pages like any other.
#include "model/path/thp.h"

namespace uffdsim {

bool HugeFits(const World& w, const Vma& vma, Vpn vpn) {
  const std::uint64_t pages = w.arch->geometry().PmdPages();
  if (!vma.Anonymous() && ((vma.start.value - vma.pgoff.value) & (pages - 1)) != 0) return false;
  const Vpn first = PmdStart(w, vpn);
  return first >= vma.start && first + pages <= vma.end;
}

bool HugeDisabled(const Vma& vma, const Arch& arch) {
  return vma.Has(kVmNohugepage) || !arch.SupportsThp();
}

bool HugeAnonAllowed(const World& w, const Vma& vma, Vpn vpn) {
  if (HugeDisabled(vma, *w.arch) || !HugeFits(w, vma, vpn)) return false;
  switch (w.config.thp) {
    case WorldConfig::Thp::kNever: return false;
    case WorldConfig::Thp::kMadvise: return vma.Has(kVmHugepage);
    case WorldConfig::Thp::kAlways: return true;
  }
  return false;
}

bool ShmemHugeAllowed(const World& w, const Vma& vma, std::uint64_t index) {
  if (HugeDisabled(vma, *w.arch) || w.files[vma.file.value].kind != FileKind::kShmem) return false;
  switch (w.config.shmem_thp) {
    case WorldConfig::ShmemThp::kNever:
    case WorldConfig::ShmemThp::kDeny: return false;
    case WorldConfig::ShmemThp::kAlways:
    case WorldConfig::ShmemThp::kForce: return true;
    case WorldConfig::ShmemThp::kAdvise: return vma.Has(kVmHugepage);
    case WorldConfig::ShmemThp::kWithinSize: {
      const std::uint64_t pages = w.arch->geometry().PmdPages();
      const std::uint64_t end = (index | (pages - 1)) + 1;
      return vma.Has(kVmHugepage) || w.files[vma.file.value].size >= end;
    }
  }
  return false;
}

bool ShmemLargeAllowed(const World& w, FileId id, std::uint64_t index, unsigned order) {
  const File& file = w.files[id.value];
  if (!w.arch->SupportsThp() || file.kind != FileKind::kShmem) return false;
  switch (w.config.shmem_thp) {
    case WorldConfig::ShmemThp::kAlways: return true;
    case WorldConfig::ShmemThp::kForce: return order == w.arch->PmdOrder();
    case WorldConfig::ShmemThp::kWithinSize:
      return file.size >= (index | ((std::uint64_t{1} << order) - 1)) + 1;
    case WorldConfig::ShmemThp::kNever:
    case WorldConfig::ShmemThp::kDeny:
    case WorldConfig::ShmemThp::kAdvise: return false;
  }
  return false;
}

}  // namespace uffdsim
