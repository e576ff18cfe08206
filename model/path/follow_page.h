// What slow GUP does with one page: take it, or fault first.
//
// Mirrors: follow_page_pte(), follow_huge_pmd(), gup_can_follow_protnone(), check_vma_flags() of
//          mm/gup.c and include/linux/mm.h.
// Marker:  in an accessible RWP VMA every PROT_NONE entry forces a fault, armed or not; the bit
// itself
//          never does. A write through FOLL_FORCE is stopped by a WP VMA's bit, not by an RWP
//          VMA's.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

enum GupFlags : std::uint32_t {
  kGupWrite = 1U << 0,      // FOLL_WRITE
  kGupForce = 1U << 1,      // FOLL_FORCE
  kGupHonorNuma = 1U << 2,  // FOLL_HONOR_NUMA_FAULT
  kGupPin = 1U << 3,        // FOLL_PIN: an anonymous page must be exclusive
  kGupLongterm = 1U << 4,   // FOLL_LONGTERM
  kGupRemote = 1U << 5,     // FOLL_REMOTE: somebody else's memory
  kGupFast = 1U << 6,       // the lockless walk: a huge leaf does not become young or dirty
};

// check_vma_flags(): EFAULT when this kind of access is not allowed, kOk otherwise.
Errno GupCheckVma(const Vma& vma, std::uint32_t gup);

enum class Follow : std::uint8_t {
  kPage,     // the frame is there and may be used
  kFault,    // a fault comes first (read, or write if FOLL_WRITE)
  kUnshare,  // an unshare fault comes first
};
// gup_can_follow_protnone(): an inaccessible entry may be followed without a fault.
bool CanFollowProtnone(const Vma& vma, std::uint32_t gup);
// can_follow_write_pte(): writable, or FOLL_FORCE onto an exclusive anonymous page of a private VMA
// that is read-only now and where no write fault is due for another reason.
bool CanFollowWrite(const World& w, const Vma& vma, Form form, Word word, Pfn pfn,
                    std::uint32_t gup);

struct Followed {
  Follow what = Follow::kFault;
  Pfn pfn{};
  std::uint64_t pages = 1;  // how many pages from here on the same leaf covers
};
Followed FollowPage(World& w, MmId mm, const Vma& vma, Vpn vpn, std::uint32_t gup);

// vm_fault_to_errno() for the result of the fault; kOk when there was no error. `hwpoison`: the
// caller wants to be told (FOLL_HWPOISON).
enum class TellHwPoison : std::uint8_t { kNo, kYes };
Errno FaultErrno(std::uint32_t fault, TellHwPoison tell);

}  // namespace uffdsim
