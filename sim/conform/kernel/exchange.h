// What the session and the processes under test say to each other, in memory that all of them
// share.
//
// The session fills a Request into a free cell and knocks at a process; that process starts a bare
// thread for it, which fills the Answer and sets `done`. A cell is one operation under way; its
// index is also that of the thread's stack. Only plain data: nobody allocates here.
// Mirrors:  nothing of the kernel.
// Owned by: the session, which maps it before the first process under test is made. Sizes in bytes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "model/op/operation.h"

namespace uffdsim {

inline constexpr std::size_t kCells = 160;  // operations that may sleep at the same time, and forks
inline constexpr std::size_t kMostProcesses = 64;  // as in the scenario language
inline constexpr std::size_t kBufferBytes = std::size_t{4} << 20;
inline constexpr std::size_t kStackBytes = std::size_t{64} << 10;

// An Operation without its strings, and what stands for its names in the process.
struct Request {
  OpCode code{};
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  std::uint64_t start2 = 0;
  std::uint64_t length2 = 0;
  std::uint64_t value = 0;
  std::uint64_t mode = 0;
  std::uint64_t features = 0;
  std::uint64_t disable = 0;
  std::uint64_t api = 0;
  std::uint32_t flags = 0;
  std::uint8_t prot = 0;
  MapKind map_kind{};
  Advice advice{};
  bool copy_from_memory = false;
  ScanArgs scan{};
  std::uint64_t page_size = 0;
  int descriptor = -1;       // userfaultfd, file or ring
  int target = 0;            // gup: process id; fork: number of the child
  bool last_holder = false;  // unpin: nobody else has the ring
  int priority = 0;          // of the thread, SCHED_FIFO; 0: the fair scheduler
  // Not operations of the language, done for the session: mincore() of [start, start+length), and
  // the opening of the file whose path is in the buffer.
  bool look_mincore = false;
  bool open_path = false;
};

struct Answer {
  enum class Kind : std::uint8_t { kOk, kError, kSignal, kBad } kind = Kind::kOk;
  int error = 0;  // errno
  int signal = 0;
  int signal_code = 0;
  std::uint64_t signal_address = 0;
  std::int64_t result = 0;  // `ret`; for accesses the pages done so far
  bool has_result = false;
  bool has_out = false;
  std::int64_t out = 0;
  const char* call = "";    // which system call failed; a literal, at the same address everywhere
  const char* reason = "";  // kBad
  std::uint64_t features = 0;
  std::uint64_t ioctls = 0;
  std::uint64_t walk_end = 0;
  std::uint64_t count = 0;  // elements in the buffer: bytes, regions, messages, nodes
  int descriptor = -1;      // that the operation opened
  int child = 0;            // process id
};

struct Cell {
  Request request;
  Answer answer;
  std::atomic<std::uint32_t> thread{0};  // id of the thread; 0 before it runs
  std::atomic<std::uint32_t> done{0};    // 1 when the answer is complete; a futex
  // 1 from the start of the thread until the kernel, at its very end, clears it: only then are its
  // stack and the cell free.
  std::atomic<std::uint32_t> alive{0};
  alignas(64) unsigned char buffer[kBufferBytes];
};

// Where a process waits for work.
struct Doorbell {
  std::atomic<std::uint32_t> knock{0};  // 1 + cell; a futex
};

struct Exchange {
  Doorbell doorbells[kMostProcesses];
  Cell cells[kCells];
};

}  // namespace uffdsim
