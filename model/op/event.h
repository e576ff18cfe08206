// What the referee and the tools hear of a running machine: completed accesses, steps, and each way
// in which a page's protection or content can change hands.
//
// The paths report facts ("this page's content was discarded by MADV_DONTNEED"), never bits; the
// referee decides whether they were legal. Reporting costs one test of a pointer when nobody listens.
#pragma once

#include <cstdint>

#include "model/arch/arch.h"
#include "model/base/ids.h"

namespace uffdsim {

// Why a page left a page table, lost its mark or was resolved. Closed set; losses.def cites the
// kernel function for each.
enum class Cause : std::uint8_t {
  kZap,              // munmap, exit, MADV_DONTNEED, hole punch, truncation, MADV_REMOVE
  kUnregister,       // UNREGISTER or close
  kResolve,          // UFFDIO_RWPROTECT or WRITEPROTECT without the protect bit
  kAsyncResolve,     // the kernel resolved the fault itself
  kFileReclaim,      // a file page was unmapped by reclaim
  kLazyfree,         // a clean lazyfree page was dropped by reclaim
  kForkChild,        // child without EVENT_FORK
  kMremap,           // moved without EVENT_REMAP
  kMoveOut,          // UFFDIO_MOVE took the page away
  kMoveIn,           // UFFDIO_MOVE brought a page
  kKsmMerge,
  kCollapse,
  kHwPoison,
  kGuard,
  kForceWrite,       // FOLL_FORCE write to a shared page of an inaccessible VMA
  kHugeUnmap,        // a file PMD was split by unmapping
  kMigrateHole,      // migrate_vma replaced a zero page or a hole
  kSwapError,        // reading a page back from swap failed
};

enum class AccessMode : std::uint8_t { kUser, kKernel, kGup, kForce, kGuest };

// Called synchronously, inside the step that did it.
class Listener {
 public:
  virtual ~Listener() = default;
  // A step of a path is about to run / has run.
  virtual void OnStep(TaskId task, const char* path, const char* step) = 0;
  // An access to one page completed (the bytes were read or written).
  virtual void OnAccess(TaskId task, MmId mm, Vpn vpn, Access access, AccessMode mode) = 0;
  // A userfaultfd message for the page was queued.
  virtual void OnMessage(TaskId task, MmId mm, Vpn vpn, std::uint64_t flags) = 0;
  // Pages [first, last) were armed (protected by an ioctl) / lost their mark for `cause`.
  virtual void OnArm(MmId mm, Vpn first, Vpn last) = 0;
  virtual void OnLoss(MmId mm, Vpn first, Vpn last, Cause cause) = 0;
};

}  // namespace uffdsim
