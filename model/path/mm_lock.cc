#include "model/path/mm_lock.h"

#include <algorithm>
#include <string_view>

namespace uffdsim {
namespace {

std::string_view NextStepOf(const Frame& frame) {
  return GetPath(frame.path).steps[frame.step].name;
}

// What the path on top of a stack holds at the step that comes next. Whoever pushes a fault has
// found the VMA and checked its permissions under the lock that the fault then goes on with.
bool StepReads(const Frame& frame) {
  const std::string_view step = NextStepOf(frame);
  switch (static_cast<PathOf>(frame.path)) {
    case PathOf::k_fault: return step != "woken" && step != "migrated";
    case PathOf::k_uffd_fill: return step != "finish";
    case PathOf::k_uffd_move: return step == "move_page";
    case PathOf::k_pageout: return true;
    default: return false;
  }
}

bool StepWrites(const Frame& frame) {
  const std::string_view step = NextStepOf(frame);
  switch (static_cast<PathOf>(frame.path)) {
    case PathOf::k_mremap:
      return step == "clear_target" || step == "break_ksm" || step == "move_vma";
    case PathOf::k_fork: return step == "flush_parent";
    default: return false;
  }
}

bool TakesLockForWriting(OpCode code) {
  switch (code) {
    case OpCode::k_map:
    case OpCode::k_munmap:
    case OpCode::k_mprotect:
    case OpCode::k_mremap:
    case OpCode::k_mlock:
    case OpCode::k_munlock:
    case OpCode::k_mseal:
    case OpCode::k_mbind:
    case OpCode::k_fork:
    case OpCode::k_register:
    case OpCode::k_unregister:
    case OpCode::k_close:
    case OpCode::k_set_mode:
    case OpCode::k_clear_refs: return true;
    default: return false;
  }
}

}  // namespace

bool ReadsMmLock(const Task& t) {
  return t.state == Task::State::kRunnable && t.depth != 0 && StepReads(t.stack[t.depth - 1U]);
}

std::optional<TaskId> MmLockWriter(const World& w) {
  for (const Task& t : w.tasks) {
    if (t.state != Task::State::kRunnable) continue;
    for (std::size_t i = 0; i < t.depth; ++i) {
      if (StepWrites(t.stack[i])) return t.id;
    }
  }
  return std::nullopt;
}

bool MmLockHeld(const World& w) {
  return MmLockWriter(w).has_value() || std::any_of(w.tasks.begin(), w.tasks.end(), ReadsMmLock);
}

bool MmLockBusy(const World& w, OpCode code) {
  if (MmLockWriter(w)) return true;
  return TakesLockForWriting(code) && std::any_of(w.tasks.begin(), w.tasks.end(), ReadsMmLock);
}

}  // namespace uffdsim
