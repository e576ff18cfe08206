// A backing store: where evicted pages go, and what it costs to get them back.
//
// Mirrors: the file, device or service behind a userfaultfd memory manager. The content of a page
// is
//   the version token last written; the store keeps that and nothing else.
// Rules: a store that fails never loses a page. A failed write changes nothing (the caller keeps
// the
//   page: the eviction is refused); a failed read changes nothing (the caller fetches again). A
//   page that was never written reads as kAbsent, at no cost: the caller supplies zeroes. Failures
//   are injected by count, so that a run can be repeated: every n-th read or write fails, and takes
//   its full time to do so.
// Owned by: the caller; copyable. Errors: a page number >= page_count is a caller's bug.
// Units: virtual nanoseconds; 4 bytes per stored page, in memory that appears on first use.
#pragma once

#include <cstdint>

#include "model/base/lazy_array.h"
#include "sim/store/store_timing.h"

namespace uffdsim {

enum class StoreResult : std::uint8_t {
  kDone,
  kFailed,  // nothing changed; try again
  kAbsent,  // reads only: never written, or dropped since
};

struct StoreReply {
  StoreResult result = StoreResult::kDone;
  std::uint64_t completion_ns = 0;
  std::uint32_t token = 0;  // reads that are kDone
};

struct FailurePlan {
  std::uint64_t every_read = 0;  // every n-th read fails; 0: none
  std::uint64_t every_write = 0;
};

struct StoreCounters {
  std::uint64_t reads = 0;  // tries, failed ones included
  std::uint64_t writes = 0;
  std::uint64_t read_failures = 0;
  std::uint64_t write_failures = 0;
  std::uint64_t bytes_read = 0;  // of successful tries
  std::uint64_t bytes_written = 0;

  friend bool operator==(const StoreCounters&, const StoreCounters&) = default;
};

class Store {
 public:
  Store(const StoreTiming& timing, std::uint32_t page_count, std::uint32_t page_bytes,
        std::uint64_t seed, FailurePlan failures = {});

  // Token 0 is a token like any other.
  StoreReply Write(std::uint64_t now_ns, std::uint32_t page, std::uint32_t token);
  StoreReply Read(std::uint64_t now_ns, std::uint32_t page);

  // Forgets a page (the guest discarded it). Free; false if it was not stored.
  bool Drop(std::uint32_t page);

  bool Holds(std::uint32_t page) const { return stored_[page] != 0; }
  // The token last written; 0 when the page is not stored.
  std::uint32_t Token(std::uint32_t page) const {
    return stored_[page] == 0 ? 0 : stored_[page] - 1;
  }
  std::uint64_t StoredPages() const { return stored_pages_; }
  // What the stored pages cost in the host's own memory (compressed RAM); else 0.
  std::uint64_t HostBytes() const;
  const StoreCounters& counters() const { return counters_; }

 private:
  StoreQueue queue_;
  FailurePlan failures_;
  std::uint32_t page_bytes_;
  LazyArray<std::uint32_t> stored_;  // token + 1, or 0 when the page is not stored
  std::uint64_t stored_pages_ = 0;
  StoreCounters counters_;
};

}  // namespace uffdsim
