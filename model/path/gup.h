// Slow GUP: taking a reference to one page of an address space, faulting it in as often as it
// takes.
//
// Mirrors: __get_user_pages(), faultin_page(), __get_user_pages_locked() of mm/gup.c. What may be
//          taken without a fault is follow_page.h.
// Marker:  a fault on an armed page waits, is resolved, or fails if the caller cannot wait, like
//          any other access. FOLL_FORCE is the only way past a VMA without permissions.
#pragma once

#include "model/path/follow_page.h"
#include "model/path/step.h"

namespace uffdsim {

enum class GupWait : std::uint8_t {
  kMay,     // FOLL_UNLOCKABLE: sleeps in userfaultfd
  kCannot,  // a fault that would have to sleep is an error (ptrace, /proc/PID/mem)
  kRefuse,  // FOLL_NOWAIT: EAGAIN, and nothing is queued
};

// Pushes the path. When it returns, Task::error is kOk and Task::value the frame, which the caller
// gives back with PutGupPage(); or EFAULT, ENOMEM, EAGAIN.
void PushGup(Task& t, MmId mm, Vpn vpn, std::uint32_t gup, GupWait wait);

// unpin_user_page() or put_page(), by kGupPin.
void PutGupPage(World& w, Pfn pfn, std::uint32_t gup);

}  // namespace uffdsim
