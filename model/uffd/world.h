// All modelled state: a value.
//
// Everything is reached by index handles, so that a world can be copied and two copies share
// nothing but immutable tables (the architecture, the profile's steps). Owned by: Machine.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "model/arch/arch.h"
#include "model/mm/content.h"
#include "model/mm/file.h"
#include "model/mm/ksm_state.h"
#include "model/mm/mm.h"
#include "model/mm/page.h"
#include "model/mm/stage2.h"
#include "model/mm/swap.h"
#include "model/mm/tlb.h"
#include "model/op/choices.h"
#include "model/op/event.h"
#include "model/uffd/context.h"
#include "model/uffd/task.h"

namespace uffdsim {

struct StepTable;  // model/path/step.h: which function each step of each path runs

// Machine-wide settings: what a kernel's sysfs, sysctl and boot options say.
struct WorldConfig {
  std::uint32_t hugetlb_pages = 40;
  std::uint32_t gigantic_pages = 0;
  std::uint32_t numa_nodes = 2;  // 0: a kernel without CONFIG_NUMA
  bool vma_locks = true;         // CONFIG_PER_VMA_LOCK, which needs CONFIG_SMP
  std::uint64_t swap_pages = 65536;
  ContentMode content_mode = ContentMode::kBytes;
  // Transparent huge pages: anon "madvise", shmem "advise" and so on.
  enum class Thp : std::uint8_t { kNever, kMadvise, kAlways } thp = Thp::kMadvise;
  enum class ShmemThp : std::uint8_t { kNever, kAdvise, kWithinSize, kAlways, kForce, kDeny };
  ShmemThp shmem_thp = ShmemThp::kAdvise;
  bool use_zero_page = true;  // huge zero page for read faults
  bool numa_balancing = false;
  bool proc_mem_forces = false;      // /proc/PID/mem overrides permissions without ptrace attached
  bool user_can_ptrace = true;       // CAP_SYS_PTRACE of the processes
  bool fault_around = true;          // 64 KiB window
  bool caches_translations = false;  // see World::tlbs
  // The vm_uffd_ops that were proposed for guest_memfd (MISSING and MINOR); 7.3.4 has none.
  bool guest_memfd_uffd = false;
};

struct HugePool {
  std::uint32_t total = 0;
  std::uint32_t free = 0;
  std::uint32_t reserved = 0;
};

// A registered buffer of io_uring: frames that stay pinned until its last descriptor is closed.
struct PinnedBuffer {
  std::uint32_t handle = 0;
  std::vector<MmId> holders;  // processes with a descriptor of it; none: the slot is free
  std::vector<Pfn> frames;
};

struct World {
  World(const Arch& architecture, const WorldConfig& settings);

  const Arch* arch;
  std::shared_ptr<const StepTable> steps;
  WorldConfig config;

  Frames frames;
  ContentPool contents;
  SwapDevice swap;
  std::array<HugePool, kHstates> huge_pools;  // of hugetlb pages, by Hstate
  Pfn huge_zero{};                            // head of the huge zero folio, 0 until first used
  std::deque<Mm> mms;                         // by MmId
  std::vector<File> files;                    // by FileId, [0] unused
  std::vector<Context> contexts;              // by CtxId, [0] unused
  std::vector<Task> tasks;                    // by TaskId, [0] unused
  KsmState ksm;
  std::vector<ReserveMap> reserve_maps;  // of private hugetlb mappings, [0] unused
  std::vector<PinnedBuffer> pinned;
  // Folios of migrations that are kept open: their mappings are migration entries.
  std::vector<Task::Isolated> open_migrations;
  std::vector<Stage2> stage2s;
  // Empty where translations are not cached; else one that stands for all CPUs.
  std::vector<Tlb> tlbs;

  // Not part of the state: who listens. Copies start deaf.
  Listener* listener = nullptr;
  // Not part of the state either: who says what the environment does. Null: nothing goes wrong.
  Choices* choices = nullptr;

  Mm& mm(MmId id) { return mms[id.value]; }
  const Mm& mm(MmId id) const { return mms[id.value]; }
  HugePool& huge_pool(Hstate h) { return huge_pools[static_cast<std::size_t>(h)]; }
  const HugePool& huge_pool(Hstate h) const { return huge_pools[static_cast<std::size_t>(h)]; }
  File& file(FileId id) { return files[id.value]; }
  Context& ctx(CtxId id) { return contexts[id.value]; }
  const Context& ctx(CtxId id) const { return contexts[id.value]; }
  Task& task(TaskId id) { return tasks[id.value]; }

  // Whether the environment does at `point` what it might do there.
  bool Chooses(ChoicePoint point) { return choices != nullptr && choices->Choose(point); }
};

}  // namespace uffdsim
