// Files that can be mapped, and their page caches.
//
// Mirrors: mm/shmem.c (memfd, MAP_SHARED|MAP_ANONYMOUS), fs/hugetlbfs, fs/ramfs,
//          virt/kvm/guest_memfd.c, struct address_space. A shmem index holds a frame, or the swap
//          slot the frame was written to, or nothing.
// Owned by: World::files, by FileId.
#pragma once

#include <cstdint>

#include "model/base/chunked_array.h"
#include "model/base/ids.h"
#include "model/mm/hstate.h"
#include "model/mm/reserve_map.h"

namespace uffdsim {

enum class FileKind : std::uint8_t {
  kShmem,
  kHugetlb,
  kRamfs,       // stands for every file system without userfaultfd operations; is never reclaimed
  kGuestMemfd,  // a VM's memory: shared mappings only, its pages stay where they are
  kSpecial,     // pages that the kernel itself put into an address space, as those of the vdso
};

// One slot of a page cache: empty, a frame, or a swap slot. Four bytes, because replay has one per
// resident page.
class CacheSlot {
 public:
  constexpr CacheSlot() = default;
  static constexpr CacheSlot Frame(Pfn pfn) { return CacheSlot(pfn.value << 1 | 0U, true); }
  // `order`: of the folio that was swapped out; its pages share one entry of the page cache.
  static constexpr CacheSlot Swapped(SwapSlot slot, unsigned order) {
    return CacheSlot(order << kOrderShift | slot.value << 1 | 1U, true);
  }

  constexpr bool empty() const { return raw_ == 0; }
  constexpr bool is_frame() const { return raw_ != 0 && ((raw_ - 1) & 1U) == 0; }
  constexpr bool is_swap() const { return raw_ != 0 && ((raw_ - 1) & 1U) == 1; }
  constexpr Pfn pfn() const { return Pfn((raw_ - 1) >> 1); }
  constexpr SwapSlot swap() const {
    return SwapSlot((raw_ - 1) >> 1 & ((1U << (kOrderShift - 1)) - 1));
  }
  constexpr unsigned order() const { return (raw_ - 1) >> kOrderShift; }
  friend constexpr bool operator==(CacheSlot, CacheSlot) = default;

 private:
  static constexpr unsigned kOrderShift = 27;  // room for 2^26 slots

  constexpr CacheSlot(std::uint32_t raw, bool) : raw_(raw + 1) {}
  std::uint32_t raw_ = 0;
};

// mapping_unevictable(): reclaim leaves the pages alone.
constexpr bool Unevictable(FileKind kind) {
  return kind == FileKind::kRamfs || kind == FileKind::kGuestMemfd || kind == FileKind::kSpecial;
}
// The pages cannot move to other frames (mapping_inaccessible(), pages of the kernel image).
constexpr bool Unmovable(FileKind kind) {
  return kind == FileKind::kGuestMemfd || kind == FileKind::kSpecial;
}

struct File {
  FileKind kind = FileKind::kShmem;
  Hstate hstate = Hstate::kPmd;   // hugetlb: the size of its pages
  bool memfd = false;             // has a name in user space (else MAP_SHARED|MAP_ANONYMOUS)
  std::uint64_t size = 0;         // in base pages
  ChunkedArray<CacheSlot> cache;  // by base page index; a large folio fills all of its indexes
  ReserveMap reserve_map;         // hugetlb: pages promised to shared mappings, or in the cache
};

}  // namespace uffdsim
