// Who holds the mmap lock, or a VMA's, between two steps.
//
// Mirrors: mmap_read_lock(), lock_vma_under_rcu() of faults and of what fills pages;
//          mmap_write_lock() and vma_start_write() of what changes mappings, which wait for them.
// The lock is not state of its own: a task's frames say what it holds. Only who takes steps one by
// one can stand in such a place; everybody else lets go before anybody else runs. One lock stands
// for those of all processes: what steps one by one is small.
#pragma once

#include <optional>

#include "model/path/step.h"

namespace uffdsim {

// Whether the task holds the lock for reading until its next step at least.
bool ReadsMmLock(const Task& t);

// The task that holds it for writing, in the middle of changing mappings: nobody else can take a
// step that matters to it.
std::optional<TaskId> MmLockWriter(const World& w);

// Whether anybody holds it at all.
bool MmLockHeld(const World& w);

// Whether an operation of this kind has to wait: for a writer, or because it changes mappings or
// modes while some task stands inside a fault, or fills, moves or reclaims pages.
bool MmLockBusy(const World& w, OpCode code);

}  // namespace uffdsim
