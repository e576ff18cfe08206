// An address space.
//
// Mirrors: struct mm_struct of include/linux/mm_types.h.
// Owned by: World::mms, by MmId.
#pragma once

#include <cstdint>

#include "model/mm/page_table.h"
#include "model/mm/vma.h"

namespace uffdsim {

struct Mm {
  explicit Mm(const Arch& arch) : table(arch) {}

  bool alive = false;  // mm_users > 0
  MmId parent{};       // who forked it
  VmaTree vmas;
  PageTable table;
  std::uint32_t next_anon_vma = 1;
  std::uint64_t numa_spun_ms = 0;  // CPU time that counts towards the next NUMA scan

  // mmap_lock and the per-VMA locks. A writer excludes everybody; per-VMA readers (faults, fills)
  // are counted for the whole mm.
  TaskId mmap_writer{};
  std::uint16_t mmap_readers = 0;
  std::uint16_t vma_readers = 0;
};

}  // namespace uffdsim
