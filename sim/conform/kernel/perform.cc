#include "sim/conform/kernel/perform.h"

#include <fcntl.h>
#include <time.h>

#include "sim/conform/kernel/agent.h"
#include "sim/conform/kernel/raw_call.h"

namespace uffdsim {
namespace {

std::int64_t NowMilliseconds() {
  timespec now{};
  RawCall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

// Keeps the CPU busy, so that scheduler ticks scan this process.
void Spin(Cell* cell) {
  const std::int64_t end = NowMilliseconds() + static_cast<std::int64_t>(cell->request.value);
  while (NowMilliseconds() < end) {
  }
  AnswerCount(cell, 0);
}

void OpenPath(Cell* cell) {
  const std::int64_t file = RawCall(SYS_openat, AT_FDCWD, cell->buffer, O_RDWR | O_CLOEXEC);
  cell->answer.descriptor = static_cast<int>(file);
  AnswerCall(cell, file);
}

}  // namespace

void AnswerCount(Cell* cell, std::int64_t count) {
  cell->answer.result = count;
  cell->answer.has_result = true;
}

void AnswerError(Cell* cell, std::int64_t negative_errno, const char* call) {
  cell->answer.kind = Answer::Kind::kError;
  cell->answer.error = static_cast<int>(-negative_errno);
  cell->answer.call = call;
}

void AnswerCall(Cell* cell, std::int64_t result, const char* call) {
  if (result < 0) return AnswerError(cell, result, call);
  AnswerCount(cell, result);
}

void AnswerBad(Cell* cell, const char* reason) {
  cell->answer.kind = Answer::Kind::kBad;
  cell->answer.reason = reason;
}

void DoFork(Cell* cell) {
  const std::int64_t child = RawFork();
  if (child < 0) return AnswerError(cell, child);
  // The cell is shared with the parent's thread, whose answer it is: the child leaves it alone.
  if (child == 0) RunAgent(static_cast<std::size_t>(cell->request.target));
  cell->answer.child = static_cast<int>(child);
  AnswerCount(cell, 0);
}

void Perform(Cell* cell) {
  if (cell->request.look_mincore) return DoMincore(cell);
  if (cell->request.open_path) return OpenPath(cell);
  switch (cell->request.code) {
    case OpCode::k_map:
    case OpCode::k_munmap:
    case OpCode::k_mprotect:
    case OpCode::k_mlock:
    case OpCode::k_munlock:
    case OpCode::k_mseal:
    case OpCode::k_mremap:
    case OpCode::k_madvise:
    case OpCode::k_clear_refs:
    case OpCode::k_migrate:
    case OpCode::k_mbind: return DoMemory(cell);
    case OpCode::k_memfd:
    case OpCode::k_ftruncate:
    case OpCode::k_fallocate:
    case OpCode::k_fread:
    case OpCode::k_fwrite: return DoFile(cell);
    case OpCode::k_read:
    case OpCode::k_write:
    case OpCode::k_add:
    case OpCode::k_gup_read:
    case OpCode::k_gup_write:
    case OpCode::k_proc_mem_read:
    case OpCode::k_proc_mem_write:
    case OpCode::k_kernel_read:
    case OpCode::k_kernel_write: return DoAccess(cell);
    case OpCode::k_uffd:
    case OpCode::k_register:
    case OpCode::k_unregister:
    case OpCode::k_close:
    case OpCode::k_rwprotect:
    case OpCode::k_writeprotect:
    case OpCode::k_set_mode:
    case OpCode::k_copy:
    case OpCode::k_zeropage:
    case OpCode::k_continue:
    case OpCode::k_poison:
    case OpCode::k_move:
    case OpCode::k_wake:
    case OpCode::k_messages: return DoUffd(cell);
    case OpCode::k_scan: return DoScan(cell);
    case OpCode::k_pin:
    case OpCode::k_unpin: return DoPin(cell);
    case OpCode::k_fork: return DoFork(cell);
    case OpCode::k_spin: return Spin(cell);
    default: return AnswerBad(cell, "no system call does this");
  }
}

}  // namespace uffdsim
