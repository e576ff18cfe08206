// The page fault path.
//
// Mirrors: handle_mm_fault() and below, mm/memory.c; handle_userfault() of mm/userfaultfd.c.
//          The frame is pushed by whoever accesses memory (user access, GUP, the guest); the result
//          is in Task::fault: 0 means "redo the access", like VM_FAULT_RETRY after a wait.
#pragma once

#include "model/path/step.h"

namespace uffdsim {

enum FaultFlags : std::uint32_t {
  kFaultWrite = 1U << 0,
  kFaultUser = 1U << 1,  // user mode (signals, interruptible)
  kFaultRemote = 1U << 2,
  kFaultUnshare = 1U << 3,
  kFaultAllowRetry = 1U << 4,  // the caller can wait
  kFaultNoWait = 1U << 5,      // RETRY_NOWAIT: never sleeps, nothing is queued
  kFaultExec = 1U << 6,
  kFaultKilled = 1U << 7,  // exiting or dumping core
};

struct FaultFrame {
  MmId mm{};
  std::uint32_t flags = 0;    // FaultFlags
  std::uint64_t address = 0;  // byte address
  Vpn vpn{};
  // Snapshot taken without a lock (vmf->orig_pte / orig_pmd), compared again under it.
  Word orig = 0;
  std::int8_t level = 0;    // 0 PTE, 1 PMD
  UffdReason reason{};      // what to deliver
  bool was_marker = false;  // the entry was a uffd-wp marker in a WP VMA
  SwapSlot slot{};
  Pfn folio{};
};

// Pushes a fault of `address`; the step that calls it returns Next::Call(back).
inline FaultFrame& PushFault(World& w, Task& t, MmId mm, std::uint64_t address,
                             std::uint32_t flags) {
  FaultFrame& f = PushPath<FaultFrame>(t, PathOf::k_fault);
  f.mm = mm;
  f.flags = flags;
  f.address = address;
  f.vpn = Vpn(address >> w.arch->geometry().page_shift);
  return f;
}

// In Task::fault, beside VM_FAULT_RETRY: the fault slept in userfaultfd.
inline constexpr std::uint32_t kFaultSlept = 1U << 22;

// Called by whoever repeats an access after a fault, with its count of faults that did not let the
// access through since it last slept. True when there were too many for it ever to succeed: the
// task has to sleep then, for good. Clean code needs a handful.
inline bool FaultsEndlessly(Task& t, std::uint8_t* in_a_row) {
  constexpr std::uint8_t kEndless = 200;
  // Whoever slept waited for somebody; that it does so again is no loop of its own.
  if ((t.fault & kFaultSlept) != 0) *in_a_row = 0;
  if (++*in_a_row < kEndless) return false;
  t.sleep = Task::Sleep::kEndlessFault;
  return true;
}

// --- pieces that other files of this folder implement
// ------------------------------------------------ Each handles one kind of entry completely, under
// the page-table lock: installs and returns a FaultResult; when the fault must be delivered to user
// space it sets f.reason and returns kFaultDeliver.
inline constexpr std::uint32_t kFaultDeliver = 1U << 16;
// VM_FAULT_FALLBACK: no huge page; go on with small ones.
inline constexpr std::uint32_t kFaultFallback = 1U << 21;
// The entry stands for a folio that migrates: the fault sleeps until that is over.
inline constexpr std::uint32_t kFaultWait = 1U << 20;

std::uint32_t HugetlbFault(World& w, FaultFrame& f, Vma& vma);   // hugetlb_fault.cc
std::uint32_t HugeAnonFault(World& w, FaultFrame& f, Vma& vma);  // thp_fault.cc: PMD none
std::uint32_t PmdLeafFault(World& w, FaultFrame& f, Vma& vma);   // thp_fault.cc: PMD leaf
bool HugeAnonAllowed(const World& w, const Vma& vma, Vpn vpn);   // thp_fault.cc
// shmem: maps a PMD-size cache folio if there is one that fits; true when it did.
bool ShmemMapPmd(World& w, FaultFrame& f, Vma& vma);  // thp_fault.cc

// Swap-in of one slot into the swap cache (anon) or page cache: the frame, or 0 when reading
// failed.
Pfn ReadSwapSlot(World& w, SwapSlot slot, std::uint8_t node);  // swap_in.cc

// Finds or makes the page-cache page of a shmem file (shmem_get_folio()).
enum class CacheMiss : std::uint8_t { kAllocate, kLookOnly };
// What comes back of a large folio that was swapped out; a fault in a VMA of userfaultfd wants one
// page.
enum class SwapIn : std::uint8_t { kLarge, kSingle };
Pfn ShmemGetPage(World& w, FileId file, std::uint64_t index, CacheMiss miss, std::uint8_t node,
                 SwapIn size = SwapIn::kLarge);

}  // namespace uffdsim
