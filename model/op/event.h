// What the referee and the tools hear of a running machine: steps, completed accesses, and each way
// in which a page's protection can change hands.
//
// The paths report facts ("this range was armed", "the page lost its mark to a KSM merge"), never
// bits; the referee decides whether they were legal. Reporting costs one test of a pointer when
// nobody listens.
#pragma once

#include <cstdint>

#include "model/base/access.h"
#include "model/base/ids.h"

namespace uffdsim {

// Why a page left a page table or lost its mark. Closed set; model/spec/losses.def has a row for
// each.
enum class Cause : std::uint8_t {
  kZap,           // MADV_DONTNEED, hole punch, truncation, MADV_REMOVE
  kUnregister,    // UNREGISTER or close
  kResolve,       // UFFDIO_RWPROTECT or WRITEPROTECT without the protect bit
  kAsyncResolve,  // the kernel resolved the fault itself
  kFileReclaim,   // a file page was unmapped by reclaim
  kLazyfree,      // a clean lazyfree page was dropped by reclaim
  kForkChild,     // child without EVENT_FORK
  kMremap,        // moved without EVENT_REMAP
  kMoveOut,       // UFFDIO_MOVE took the page away
  kMoveIn,        // UFFDIO_MOVE brought a page
  kKsmMerge,
  kCollapse,
  kHwPoison,
  kGuard,
  kForceWrite,   // FOLL_FORCE write to a shared page of an inaccessible VMA
  kHugeUnmap,    // a file PMD was split by unmapping
  kMigrateHole,  // migrate_vma replaced a zero page or a hole
  kSwapError,    // reading a page back from swap failed
  kUnmap,        // munmap, exit: the mapping itself goes
  kFill,         // COPY, CONTINUE or ZEROPAGE without mode WP filled a protected, empty place
};

enum class AccessMode : std::uint8_t {
  kUser,
  kKernel,
  kGup,    // a reference to the page was taken; what is done through it comes later
  kForce,  // the same, whatever the VMA permits
  kGuest,
  kReference,  // through a reference that was taken before: no page table is asked any more
};

// Called synchronously, inside the step that did it. Page ranges are [first, last).
class Listener {
 public:
  virtual ~Listener() = default;
  // A step of a path is about to run; `start` of an operation comes before its first step.
  virtual void OnStep(TaskId task, const char* path, const char* step) = 0;
  // An access to one page completed (the bytes were read or written).
  virtual void OnAccess(MmId mm, Vpn vpn, Access access, AccessMode mode) = 0;
  // A userfaultfd message for the page was queued.
  virtual void OnMessage(TaskId task, MmId mm, Vpn vpn, std::uint64_t flags) = 0;
  // An ioctl armed the range: what is populated there now carries the mark.
  virtual void OnArm(MmId mm, Vpn first, Vpn last) = 0;
  // The range lost its marks for `cause`.
  virtual void OnLoss(MmId mm, Vpn first, Vpn last, Cause cause) = 0;
  // The waiters of `ctx` in the range were told to look again.
  virtual void OnWake(CtxId ctx, Vpn first, Vpn last) = 0;
  // The range's translations are flushed on every CPU.
  virtual void OnFlush(MmId, Vpn, Vpn) {}
  // Secondary MMUs were told to forget the range (mmu_notifier_invalidate_range_start()).
  virtual void OnNotify(MmId, Vpn, Vpn) {}
  // Pages [first, last) of `from` and what protects them also appear at `to_first` of `to`: fork
  // with EVENT_FORK, mremap with EVENT_REMAP (the old place then reports a loss of its own).
  virtual void OnInherit(MmId from, Vpn first, Vpn last, MmId to, Vpn to_first) = 0;
  // Pages [first, last) of a file were written or dropped otherwise than through a mapping.
  virtual void OnFileChange(FileId, std::uint64_t /*first*/, std::uint64_t /*last*/) {}
  // Soft-dirty was cleared for a whole process.
  virtual void OnClearSoftDirty(MmId) {}
  // A NUMA scan took access from pages of the range, to see who touches them.
  virtual void OnHint(MmId, Vpn /*first*/, Vpn /*last*/) {}
  // An operation on the page would be tried again for ever: the model gives it up.
  virtual void OnEndless(MmId, Vpn) {}
};

}  // namespace uffdsim
