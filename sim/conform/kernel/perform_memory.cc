// mmap() and its family, madvise(), node placement.
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>

#include "sim/conform/kernel/perform.h"
#include "sim/conform/kernel/raw_call.h"
#include "sim/uapi/uapi.h"

namespace uffdsim {
namespace {

int Protection(std::uint8_t prot) {
  int bits = PROT_NONE;
  if ((prot & kProtRead) != 0) bits |= PROT_READ;
  if ((prot & kProtWrite) != 0) bits |= PROT_WRITE;
  if ((prot & kProtExec) != 0) bits |= PROT_EXEC;
  return bits;
}

int SharingOf(MapKind kind) {
  switch (kind) {
    case MapKind::kAnon: return MAP_PRIVATE | MAP_ANONYMOUS;
    case MapKind::kShmem: return MAP_SHARED | MAP_ANONYMOUS;
    case MapKind::kHugeAnon: return MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
    case MapKind::kHugeShared: return MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB;
    case MapKind::kFileShared: return MAP_SHARED;
    case MapKind::kFilePrivate: return MAP_PRIVATE;
    case MapKind::kSpecial: break;  // refused before
  }
  return 0;
}

bool OfFile(MapKind kind) { return kind == MapKind::kFileShared || kind == MapKind::kFilePrivate; }

int AdviceNumber(Advice advice) {
  switch (advice) {
    case Advice::kNormal: return 0;
    case Advice::kRandom: return 1;
    case Advice::kSequential: return 2;
    case Advice::kWillneed: return 3;
    case Advice::kDontneed: return 4;
    case Advice::kFree: return 8;
    case Advice::kRemove: return 9;
    case Advice::kDontfork: return 10;
    case Advice::kDofork: return 11;
    case Advice::kMergeable: return 12;
    case Advice::kUnmergeable: return 13;
    case Advice::kHugepage: return 14;
    case Advice::kNohugepage: return 15;
    case Advice::kDontdump: return 16;
    case Advice::kDodump: return 17;
    case Advice::kWipeonfork: return 18;
    case Advice::kKeeponfork: return 19;
    case Advice::kCold: return 20;
    case Advice::kPageout: return 21;
    case Advice::kPopulateRead: return 22;
    case Advice::kPopulateWrite: return 23;
    case Advice::kDontneedLocked: return 24;
    case Advice::kCollapse: return 25;
    case Advice::kHwpoison: return 100;
    case Advice::kSoftOffline: return 101;
    case Advice::kGuardInstall: return 102;
    case Advice::kGuardRemove: return 103;
  }
  return -1;
}

void Map(Cell* cell) {
  const Request& r = cell->request;
  if (r.map_kind == MapKind::kSpecial) return AnswerBad(cell, "only the kernel maps such pages");
  int flags = SharingOf(r.map_kind) | MAP_FIXED;
  if ((r.flags & kOpGigantic) != 0) flags |= uapi::kHugePage1G;
  if ((r.flags & kOpNoreserve) != 0) flags |= MAP_NORESERVE;
  if ((r.flags & kOpPopulate) != 0) flags |= MAP_POPULATE;
  if ((r.flags & kOpLocked) != 0) flags |= MAP_LOCKED;
  const int file = OfFile(r.map_kind) ? r.descriptor : -1;
  const std::int64_t at = RawMap(r.start, r.length, Protection(r.prot), flags, file, r.start2);
  // An address is no answer that can be compared.
  AnswerCall(cell, at < 0 && at > -4096 ? at : 0);
}

void Remap(Cell* cell) {
  const Request& r = cell->request;
  int flags = 0;
  if ((r.flags & kOpInPlace) == 0) flags |= uapi::kMremapMaymove | uapi::kMremapFixed;
  if ((r.flags & kOpDontunmap) != 0) flags |= uapi::kMremapMaymove | uapi::kMremapDontunmap;
  const std::uint64_t target = (r.flags & kOpInPlace) == 0 ? r.start2 : 0;
  const std::int64_t at = RawCall(SYS_mremap, r.start, r.length, r.length2, flags, target);
  AnswerCall(cell, at < 0 && at > -4096 ? at : 0);
}

// move_pages(): one status for each page, which keeps its first value where the call ended early.
void MovePages(Cell* cell) {
  const Request& r = cell->request;
  const std::uint64_t pages = (r.length + r.page_size - 1) / r.page_size;
  constexpr std::uint64_t kMost = kBufferBytes / 16;
  if (pages > kMost) return AnswerBad(cell, "too many pages");
  auto* addresses = reinterpret_cast<std::uint64_t*>(cell->buffer);
  auto* statuses = reinterpret_cast<int*>(cell->buffer + 8 * pages);
  auto* nodes = statuses + pages;
  for (std::uint64_t i = 0; i < pages; ++i) {
    addresses[i] = r.start + i * r.page_size;
    statuses[i] = kNodeNotWritten;
    nodes[i] = static_cast<int>(r.value);
  }
  const bool query = (r.flags & kOpQuery) != 0;
  const int flags = (r.flags & kOpAll) != 0 ? uapi::kMoveAll : uapi::kMove;
  const std::int64_t result = RawCall(SYS_move_pages, 0, pages, addresses, query ? nullptr : nodes,
                                      statuses, query ? 0 : flags);
  // The session reads statuses from the buffer's beginning.
  auto* out = reinterpret_cast<int*>(cell->buffer);
  for (std::uint64_t i = 0; i < pages; ++i) out[i] = statuses[i];
  cell->answer.count = pages;
  AnswerCall(cell, result);
}

void ClearRefs(Cell* cell) {
  const std::int64_t file = RawCall(SYS_openat, AT_FDCWD, "/proc/self/clear_refs", O_WRONLY);
  if (file < 0) return AnswerError(cell, file);
  char text[24];
  std::size_t length = 0;
  std::uint64_t left = cell->request.value;
  do {
    text[sizeof(text) - 1 - length++] = static_cast<char>('0' + left % 10);
    left /= 10;
  } while (left != 0);
  const std::int64_t result = RawCall(SYS_write, file, text + sizeof(text) - length, length);
  RawCall(SYS_close, file);
  AnswerCall(cell, result < 0 ? result : 0);
}

void Bind(Cell* cell) {
  const Request& r = cell->request;
  const std::uint64_t mask = r.start2;
  AnswerCall(cell, RawCall(SYS_mbind, r.start, r.length, r.value, &mask, 64, r.mode));
}

}  // namespace

void DoMemory(Cell* cell) {
  const Request& r = cell->request;
  switch (r.code) {
    case OpCode::k_map: return Map(cell);
    case OpCode::k_munmap: return AnswerCall(cell, RawCall(SYS_munmap, r.start, r.length));
    case OpCode::k_mprotect:
      return AnswerCall(cell, RawCall(SYS_mprotect, r.start, r.length, Protection(r.prot)));
    case OpCode::k_mlock: {
      const int flags = (r.flags & kOpOnfault) != 0 ? uapi::kMlockOnfault : 0;
      return AnswerCall(cell, RawCall(SYS_mlock2, r.start, r.length, flags));
    }
    case OpCode::k_munlock: return AnswerCall(cell, RawCall(SYS_munlock, r.start, r.length));
    case OpCode::k_mseal: return AnswerCall(cell, RawCall(uapi::kMseal, r.start, r.length, 0));
    case OpCode::k_mremap: return Remap(cell);
    case OpCode::k_madvise:
      return AnswerCall(cell, RawCall(SYS_madvise, r.start, r.length, AdviceNumber(r.advice)));
    case OpCode::k_clear_refs: return ClearRefs(cell);
    case OpCode::k_migrate: return MovePages(cell);
    case OpCode::k_mbind: return Bind(cell);
    default: return AnswerBad(cell, "not an operation on mappings");
  }
}

void DoMincore(Cell* cell) {
  const Request& r = cell->request;
  AnswerCall(cell, RawCall(SYS_mincore, r.start, r.length, cell->buffer));
}

}  // namespace uffdsim
