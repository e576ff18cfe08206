// Accesses to one byte of each page of a range, in order: by user code, by the kernel on its
// behalf, and from outside.
//
// Rules:   the count of pages done is kept as it grows: an access that faults ends in the signal
//          handler and never comes back here.
#include <fcntl.h>
#include <sys/uio.h>

#include "sim/conform/kernel/perform.h"
#include "sim/conform/kernel/raw_call.h"

namespace uffdsim {
namespace {

// By compare and exchange: the load comes first and may fault by itself.
unsigned char AtomicAdd(unsigned char* byte, unsigned char increment) {
  unsigned char old = __atomic_load_n(byte, __ATOMIC_SEQ_CST);
  while (!__atomic_compare_exchange_n(byte, &old, static_cast<unsigned char>(old + increment),
                                      false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

// What one kind of access needs beside the request.
struct Door {
  int file = -1;           // /proc/self/mem
  int pipe[2] = {-1, -1};  // kernel_read, kernel_write
};

std::int64_t Open(Cell* cell, Door* door) {
  const OpCode code = cell->request.code;
  if (code == OpCode::k_proc_mem_read || code == OpCode::k_proc_mem_write) {
    const std::int64_t file = RawCall(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDWR);
    door->file = static_cast<int>(file);
    return file;
  }
  if (code == OpCode::k_kernel_read || code == OpCode::k_kernel_write) {
    return RawCall(SYS_pipe2, door->pipe, O_CLOEXEC);
  }
  return 0;
}

void Close(const Door& door) {
  for (const int file : {door.file, door.pipe[0], door.pipe[1]}) {
    if (file >= 0) RawCall(SYS_close, file);
  }
}

// One page. Answers 1, or -errno.
std::int64_t Touch(const Request& r, const Door& door, std::uint64_t address, unsigned char* byte) {
  auto* place = reinterpret_cast<unsigned char*>(address);
  const auto value = static_cast<unsigned char>(r.value);
  const iovec ours{byte, 1};
  const iovec theirs{place, 1};
  switch (r.code) {
    case OpCode::k_read: *byte = *static_cast<volatile unsigned char*>(place); return 1;
    case OpCode::k_write: *static_cast<volatile unsigned char*>(place) = value; return 1;
    case OpCode::k_add: *byte = AtomicAdd(place, value); return 1;
    case OpCode::k_gup_read:
      return RawCall(SYS_process_vm_readv, r.target, &ours, 1, &theirs, 1, 0);
    case OpCode::k_gup_write:
      *byte = value;
      return RawCall(SYS_process_vm_writev, r.target, &ours, 1, &theirs, 1, 0);
    case OpCode::k_proc_mem_read: return RawCall(SYS_pread64, door.file, byte, 1, address);
    case OpCode::k_proc_mem_write:
      *byte = value;
      return RawCall(SYS_pwrite64, door.file, byte, 1, address);
    case OpCode::k_kernel_read: {
      const std::int64_t n = RawCall(SYS_write, door.pipe[1], place, 1);
      return n < 0 ? n : RawCall(SYS_read, door.pipe[0], byte, 1);
    }
    case OpCode::k_kernel_write:
      *byte = value;
      RawCall(SYS_write, door.pipe[1], byte, 1);
      return RawCall(SYS_read, door.pipe[0], place, 1);
    default: return 0;
  }
}

bool ReturnsValues(OpCode code) {
  return code == OpCode::k_read || code == OpCode::k_add || code == OpCode::k_gup_read ||
         code == OpCode::k_proc_mem_read || code == OpCode::k_kernel_read;
}

}  // namespace

void DoAccess(Cell* cell) {
  const Request& r = cell->request;
  Answer& answer = cell->answer;
  const std::uint64_t pages = (r.length + r.page_size - 1) / r.page_size;
  if (pages > kBufferBytes) return AnswerBad(cell, "too many pages");
  Door door;
  const std::int64_t opened = Open(cell, &door);
  if (opened < 0) return AnswerError(cell, opened, "open");
  answer.has_result = true;
  const bool values = ReturnsValues(r.code);
  const bool kernel = r.code == OpCode::k_kernel_read || r.code == OpCode::k_kernel_write;
  for (std::uint64_t i = 0; i < pages; ++i) {
    unsigned char byte = 0;
    const std::int64_t n = Touch(r, door, r.start + i * r.page_size, &byte);
    if (n <= 0) {
      // A read of /proc/self/mem answers 0 where nothing is mapped at all.
      AnswerError(cell, n == 0 ? -5 : n);
      if (kernel) answer.result = -1;
      break;
    }
    if (values) cell->buffer[answer.count++] = byte;
    ++answer.result;
  }
  Close(door);
}

}  // namespace uffdsim
