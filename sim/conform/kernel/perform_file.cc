// memfd files: creation, size, holes, and one byte of each page through the page cache.
#include <fcntl.h>
#include <linux/memfd.h>

#include "sim/conform/kernel/perform.h"
#include "sim/conform/kernel/raw_call.h"
#include "sim/uapi/uapi.h"

namespace uffdsim {
namespace {

constexpr int kPunchHole = 2;  // FALLOC_FL_*
constexpr int kKeepSize = 1;

void Create(Cell* cell) {
  const Request& r = cell->request;
  const unsigned flags =
      MFD_CLOEXEC | ((r.flags & kOpHugetlb) != 0 ? static_cast<unsigned>(MFD_HUGETLB) : 0U) |
      ((r.flags & kOpGigantic) != 0 ? static_cast<unsigned>(uapi::kHugePage1G) : 0U);
  if ((r.flags & (kOpRamfs | kOpGuestMemfd)) != 0) {
    return AnswerBad(cell, "needs a mount or a virtual machine");
  }
  const std::int64_t file = RawCall(SYS_memfd_create, "uffdsim", flags);
  if (file < 0) return AnswerError(cell, file, "memfd_create");
  const std::int64_t result = RawCall(SYS_ftruncate, file, r.length);
  if (result < 0) {
    RawCall(SYS_close, file);
    return AnswerError(cell, result, "ftruncate");
  }
  cell->answer.descriptor = static_cast<int>(file);
  AnswerCount(cell, 0);
}

void ReadBytes(Cell* cell) {
  const Request& r = cell->request;
  Answer& answer = cell->answer;
  const std::uint64_t pages = (r.length + r.page_size - 1) / r.page_size;
  for (std::uint64_t i = 0; i < pages && answer.count < kBufferBytes; ++i) {
    const std::int64_t n = RawCall(SYS_pread64, r.descriptor, cell->buffer + answer.count, 1,
                                   r.start + i * r.page_size);
    if (n < 0) return AnswerError(cell, n);
    if (n == 0) break;  // the end of the file
    ++answer.count;
  }
  AnswerCount(cell, static_cast<std::int64_t>(answer.count));
}

void WriteBytes(Cell* cell) {
  const Request& r = cell->request;
  const std::uint64_t pages = (r.length + r.page_size - 1) / r.page_size;
  const auto byte = static_cast<unsigned char>(r.value);
  for (std::uint64_t i = 0; i < pages; ++i) {
    const std::int64_t n = RawCall(SYS_pwrite64, r.descriptor, &byte, 1, r.start + i * r.page_size);
    if (n < 0) return AnswerError(cell, n);
  }
  AnswerCount(cell, static_cast<std::int64_t>(pages));
}

}  // namespace

void DoFile(Cell* cell) {
  const Request& r = cell->request;
  switch (r.code) {
    case OpCode::k_memfd: return Create(cell);
    case OpCode::k_ftruncate:
      return AnswerCall(cell, RawCall(SYS_ftruncate, r.descriptor, r.length));
    case OpCode::k_fallocate: {
      const int mode = (r.flags & kOpPunch) != 0 ? kPunchHole | kKeepSize : 0;
      return AnswerCall(cell, RawCall(SYS_fallocate, r.descriptor, mode, r.start, r.length));
    }
    case OpCode::k_fread: return ReadBytes(cell);
    case OpCode::k_fwrite: return WriteBytes(cell);
    default: return AnswerBad(cell, "not an operation on files");
  }
}

}  // namespace uffdsim
