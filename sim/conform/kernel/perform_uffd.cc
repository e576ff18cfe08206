// userfaultfd: creation, the ioctls, messages.
#include <fcntl.h>
#include <sys/mman.h>

#include "sim/conform/kernel/perform.h"
#include "sim/conform/kernel/raw_call.h"
#include "sim/scenario/words.h"
#include "sim/uapi/uapi.h"

namespace uffdsim {
namespace {

// What an output field holds before the kernel writes to it.
constexpr std::int64_t kNotWritten = std::int64_t{1} << 62;
// A longer source of COPY is only ever read in parts that fail.
constexpr std::uint64_t kLongestSource = std::uint64_t{64} << 20;

std::int64_t Ioctl(const Request& r, unsigned long call, void* argument) {
  return RawCall(SYS_ioctl, r.descriptor, call, argument);
}

void Create(Cell* cell) {
  const Request& r = cell->request;
  const unsigned flags =
      O_NONBLOCK | O_CLOEXEC | ((r.flags & kOpUserModeOnly) != 0 ? uapi::kUserModeOnly : 0U);
  const std::int64_t file = RawCall(SYS_userfaultfd, flags);
  if (file < 0) return AnswerError(cell, file, "userfaultfd");
  uapi::Api api{r.api, r.features, 0};
  const std::int64_t result = RawCall(SYS_ioctl, file, uapi::kApiCall, &api);
  cell->answer.features = api.features;
  cell->answer.ioctls = api.ioctls;
  if (result < 0) {
    RawCall(SYS_close, file);
    return AnswerError(cell, result, "UFFDIO_API");
  }
  cell->answer.descriptor = static_cast<int>(file);
  AnswerCount(cell, 0);
}

void RegisterRange(Cell* cell) {
  const Request& r = cell->request;
  uapi::Register argument{{r.start, r.length}, r.mode, 0};
  const std::int64_t result = Ioctl(r, uapi::kRegisterCall, &argument);
  cell->answer.ioctls = argument.ioctls;
  AnswerCall(cell, result);
}

void ProtectRange(Cell* cell, unsigned long call) {
  const Request& r = cell->request;
  std::uint64_t mode = r.mode;
  if ((r.flags & kOpRawMode) == 0) {
    mode = ((r.flags & kOpOn) != 0 ? uapi::kProtectOn : 0) |
           ((r.flags & kOpDontwake) != 0 ? uapi::kProtectDontwake : 0);
  }
  uapi::Protect argument{{r.start, r.length}, mode};
  AnswerCall(cell, Ioctl(r, call, &argument));
}

std::uint64_t FillMode(const Request& r) {
  if ((r.flags & kOpRawMode) != 0) return r.mode;
  return ((r.flags & kOpDontwake) != 0 ? uapi::kFillDontwake : 0) |
         ((r.flags & kOpWp) != 0 ? uapi::kFillWp : 0) |
         ((r.flags & kOpHoles) != 0 ? uapi::kMoveHoles : 0);
}

void AnswerFill(Cell* cell, std::int64_t result, std::int64_t out) {
  cell->answer.has_out = out != kNotWritten;
  cell->answer.out = out;
  AnswerCall(cell, result);
}

void FillRange(Cell* cell, unsigned long call) {
  const Request& r = cell->request;
  uapi::Fill argument{{r.start, r.length}, FillMode(r), kNotWritten};
  const std::int64_t result = Ioctl(r, call, &argument);
  AnswerFill(cell, result, argument.out);
}

void CopyRange(Cell* cell) {
  const Request& r = cell->request;
  std::uint64_t source = r.start2;
  std::uint64_t mapped = 0;
  if (!r.copy_from_memory) {
    mapped = r.length < kLongestSource ? r.length : kLongestSource;
    if (mapped == 0) mapped = r.page_size;
    const std::int64_t at =
        RawMap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at < 0 && at > -4096) return AnswerBad(cell, "no memory for the source");
    source = static_cast<std::uint64_t>(at);
    auto* bytes = reinterpret_cast<volatile unsigned char*>(source);
    for (std::uint64_t i = 0; i < mapped; ++i) bytes[i] = static_cast<unsigned char>(r.value);
  }
  uapi::Copy argument{r.start, source, r.length, FillMode(r), kNotWritten};
  const std::int64_t result = Ioctl(r, uapi::kCopyCall, &argument);
  if (mapped != 0) RawCall(SYS_munmap, source, mapped);
  AnswerFill(cell, result, argument.out);
}

void MoveRange(Cell* cell) {
  const Request& r = cell->request;
  uapi::Move argument{r.start, r.start2, r.length, FillMode(r), kNotWritten};
  const std::int64_t result = Ioctl(r, uapi::kMoveCall, &argument);
  AnswerFill(cell, result, argument.out);
}

void SimpleRange(Cell* cell, unsigned long call) {
  uapi::Range argument{cell->request.start, cell->request.length};
  AnswerCall(cell, Ioctl(cell->request, call, &argument));
}

void ChangeMode(Cell* cell) {
  uapi::SetMode argument{cell->request.features, cell->request.disable};
  AnswerCall(cell, Ioctl(cell->request, uapi::kSetModeCall, &argument));
}

// Until nothing is left; the descriptor does not block.
void ReadMessages(Cell* cell) {
  auto* messages = reinterpret_cast<uapi::Message*>(cell->buffer);
  constexpr std::uint64_t kMost = kBufferBytes / sizeof(uapi::Message);
  std::uint64_t& count = cell->answer.count;
  while (count < kMost) {
    const std::int64_t n = RawCall(SYS_read, cell->request.descriptor, messages + count,
                                   (kMost - count) * sizeof(uapi::Message));
    if (n == -11) break;  // EAGAIN
    if (n < 0) return AnswerError(cell, n);
    count += static_cast<std::uint64_t>(n) / sizeof(uapi::Message);
  }
  AnswerCount(cell, static_cast<std::int64_t>(count));
}

}  // namespace

void DoUffd(Cell* cell) {
  const Request& r = cell->request;
  switch (r.code) {
    case OpCode::k_uffd: return Create(cell);
    case OpCode::k_register: return RegisterRange(cell);
    case OpCode::k_unregister: return SimpleRange(cell, uapi::kUnregisterCall);
    case OpCode::k_close: return AnswerCall(cell, RawCall(SYS_close, r.descriptor));
    case OpCode::k_rwprotect: return ProtectRange(cell, uapi::kRwprotectCall);
    case OpCode::k_writeprotect: return ProtectRange(cell, uapi::kWriteprotectCall);
    case OpCode::k_set_mode: return ChangeMode(cell);
    case OpCode::k_copy: return CopyRange(cell);
    case OpCode::k_zeropage: return FillRange(cell, uapi::kZeropageCall);
    case OpCode::k_continue: return FillRange(cell, uapi::kContinueCall);
    case OpCode::k_poison: return FillRange(cell, uapi::kPoisonCall);
    case OpCode::k_move: return MoveRange(cell);
    case OpCode::k_wake: return SimpleRange(cell, uapi::kWakeCall);
    case OpCode::k_messages: return ReadMessages(cell);
    default: return AnswerBad(cell, "not an operation of userfaultfd");
  }
}

void DoScan(Cell* cell) {
  const Request& r = cell->request;
  const std::int64_t file = RawCall(SYS_openat, AT_FDCWD, "/proc/self/pagemap", O_RDONLY);
  if (file < 0) return AnswerError(cell, file);
  uapi::ScanArgument scan{};
  scan.size = r.scan.size;
  scan.flags = r.scan.flags;
  scan.start = r.start;
  scan.end = r.start + r.length;
  scan.vector = r.scan.vec_len == 0 ? 0 : reinterpret_cast<std::uint64_t>(cell->buffer);
  scan.vector_length = r.scan.vec_len;
  scan.max_pages = r.scan.max_pages;
  scan.category_inverted = r.scan.category_inverted;
  scan.category_mask = r.scan.category_mask;
  scan.category_anyof_mask = r.scan.category_anyof_mask;
  scan.return_mask = r.scan.return_mask;
  std::int64_t result = RawCall(SYS_ioctl, file, uapi::kScanCall, &scan);
  // All that this kernel knows: one before 7.3 does not know the newest category.
  if (result == -22 && r.scan.return_mask == kAllCategories) {  // EINVAL
    scan.return_mask = kAllCategories >> 1;
    result = RawCall(SYS_ioctl, file, uapi::kScanCall, &scan);
  }
  RawCall(SYS_close, file);
  cell->answer.walk_end = scan.walk_end;
  if (result > 0 && r.scan.vec_len != 0) cell->answer.count = static_cast<std::uint64_t>(result);
  AnswerCall(cell, result);
}

}  // namespace uffdsim
