// Threads: a stack of frames, each the state of one path between two of its steps.
//
// A frame is a plain struct in a fixed buffer, so that a paused path can be copied, hashed,
// compared and printed. Nothing in a frame may be a pointer. Owned by: World::tasks, by TaskId.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <vector>

#include "model/base/check.h"
#include "model/base/ids.h"
#include "model/op/operation.h"

namespace uffdsim {

// One row per path; see model/path/paths.def.
using PathId = std::uint8_t;

inline constexpr std::size_t kFrameBytes = 288;
inline constexpr std::size_t kMaxDepth = 8;

struct Frame {
  PathId path = 0;
  std::uint8_t step = 0;
  std::uint16_t bytes = 0;  // of the path's own struct, at the front of `data`
  alignas(8) std::array<unsigned char, kFrameBytes> data;
};

// What a fault came to (VM_FAULT_*), in Task::fault.
enum FaultResult : std::uint32_t {
  kVmFaultOk = 0,
  kVmFaultRetry = 1U << 0,  // redo the access; the locks were dropped
  kVmFaultSigbus = 1U << 1,
  kVmFaultSigsegv = 1U << 2,
  kVmFaultHwpoison = 1U << 3,
  kVmFaultOom = 1U << 4,
  kVmFaultNoWait = 1U << 5,  // would have to wait and the caller cannot; nothing was queued
};

struct Task {
  enum class State : std::uint8_t { kFree, kRunnable, kAsleep, kDone };

  TaskId id{};
  MmId mm{};  // whose address space it runs in
  State state = State::kFree;
  std::uint8_t depth = 0;
  std::array<Frame, kMaxDepth> stack;

  // Registers: what the last callee returned.
  std::uint32_t fault = 0;  // FaultResult
  Errno error = Errno::kOk;
  std::int64_t value = 0;

  // Folios that the running path took off the reclaim lists (a list head on the kernel's stack).
  struct Isolated {
    Pfn from{};
    Pfn to{};               // migration: the destination; `from` again when it stays
    bool unmapped = false;  // every mapping was replaced
  };
  std::vector<Isolated> isolated;

  // Events that the running operation announces once its locks are dropped, in order (a list head
  // on the kernel's stack as well). mmap_changing of each context is raised until its event was
  // read.
  struct Announcement {
    CtxId ctx{};
    Message message;
    bool late = false;  // mremap: comes after the REMAP event
  };
  std::vector<Announcement> announcements;

  // Where it sleeps.
  enum class Sleep : std::uint8_t {
    kNone,
    kUserfault,
    kEvent,
    kMigration,
    kEndlessFault,  // faults again and again and gets nowhere; only a defective kernel does this
  } sleep = Sleep::kNone;
  CtxId sleep_ctx{};

  Operation op;
  Outcome outcome;
  std::uint64_t tag = 0;
  // Somebody chooses when it takes each of its steps: Machine::Settle() leaves it alone.
  bool held = false;

  Frame& top() { return stack[depth - 1U]; }

  // Pushes a frame for `path` and returns its state, value-initialised. Padding is zero, so that a
  // sleeping task can be compared as bytes.
  template <class F>
  F& Push(PathId path) {
    static_assert(std::is_trivially_copyable_v<F> && sizeof(F) <= kFrameBytes);
    UFFDSIM_CHECK(depth < kMaxDepth);
    Frame& frame = stack[depth++];
    frame.path = path;
    frame.step = 0;
    frame.bytes = sizeof(F);
    std::memset(frame.data.data(), 0, sizeof(F));
    return *new (frame.data.data()) F{};
  }
};

}  // namespace uffdsim
