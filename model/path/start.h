// How each operation begins: Start_<name>() pushes the frame of the operation's path onto the task,
// or, for an operation that is one step, does it and fills the outcome.
//
// The arguments are in Task::op. An operation that leaves no frame behind is done.
#pragma once

#include "model/path/step.h"

namespace uffdsim {

#define OPERATION(name, sentence) void Start_##name(World& w, Task& t);
#include "model/op/operations.def"
#undef OPERATION

// --- outcomes
// --------------------------------------------------------------------------------------
inline void Succeed(Task& t, std::int64_t ret = 0) {
  t.outcome.status = Outcome::Status::kOk;
  t.outcome.ret = ret;
}
inline void Fail(Task& t, Errno error) {
  t.outcome.status = Outcome::Status::kError;
  t.outcome.error = error;
  if (!t.outcome.ret) t.outcome.ret = -1;
}
// The end of a system call that returns 0 or an error.
inline Next Answer(Task& t, Errno error) {
  if (error == Errno::kOk) {
    Succeed(t);
  } else {
    Fail(t, error);
    t.outcome.ret = -1;
  }
  return Next::Return();
}
// One more byte that was read, run-length coded.
inline void PushValue(Outcome& outcome, int value) {
  if (!outcome.values.empty() && outcome.values.back().first == value) {
    ++outcome.values.back().second;
  } else {
    outcome.values.emplace_back(value, 1);
  }
}
inline void Bad(Task& t, const char* reason) {
  t.outcome.status = Outcome::Status::kBad;
  t.outcome.reason = reason;
}

// Whether the number stands for a file that was made: a descriptor that is open.
inline bool FileExists(const World& w, FileId file) {
  return file != FileId(0) && file.value < w.files.size() && w.files[file.value].memfd;
}

// --- byte arithmetic of the operation's arguments
// ----------------------------------------------------
inline std::uint64_t PageSize(const World& w) { return 1ULL << w.arch->geometry().page_shift; }
inline std::uint64_t PageMask(const World& w) { return PageSize(w) - 1; }
inline Vpn VpnOf(const World& w, std::uint64_t address) {
  return Vpn(address >> w.arch->geometry().page_shift);
}
inline std::uint64_t AddressOf(const World& w, Vpn vpn) {
  return vpn.value << w.arch->geometry().page_shift;
}
inline std::uint64_t PageAlignUp(const World& w, std::uint64_t bytes) {
  return (bytes + PageMask(w)) & ~PageMask(w);
}

}  // namespace uffdsim
