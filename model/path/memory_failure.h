// Uncorrectable memory errors and soft offlining.
//
// Mirrors: memory_failure(), soft_offline_page() of mm/memory-failure.c, madvise_inject_error() of
//          mm/madvise.c.
// Marker:  a hard failure replaces every entry by a hwpoison entry without the bit: protection is
// lost.
//          Soft offlining is a migration and keeps it. Injection through madvise takes the page by
//          GUP first, which resolves (or blocks on) an armed page; injection by frame number does
//          not.
#pragma once

#include "model/path/step.h"

namespace uffdsim {

// memory_failure() of one frame (debugfs hwpoison injection, machine check): huge pages are split,
// the frame is unmapped everywhere and never handed out again.
void MemoryFailure(World& w, Pfn pfn);

// Pushes MADV_HWPOISON or MADV_SOFT_OFFLINE (Task::op.advice) of [first, last), to its outcome.
void PushInjectError(Task& t, Vpn first, Vpn last);

}  // namespace uffdsim
