// When an operation on a backing store completes: latency, bandwidth and a queue.
//
// Mirrors: a device with `channels` requests in service at a time and one link. A request takes the
//   channel that is free first (the lowest numbered among equals), waits there for its latency,
//   then moves its bytes over the link, which serves one request at a time in the order of
//   submission.
//   Its user may keep fewer requests of a kind in flight (`reads`, `writes`): one too many is held
//   back until one of its kind is complete.
// Rules: virtual time; submissions come in any order of `now`, each is queued behind those before
// it.
//   Randomness is optional and its own: jitter stretches or shrinks the latency evenly within
//   +- jitter_permille; one in tail_one_in requests takes tail_times the latency.
// Owned by: the caller. Copyable: a copy continues identically.
// Errors: none. Units: nanoseconds, bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "model/base/rng.h"

namespace uffdsim {

enum class StoreOp : std::uint8_t { kRead, kWrite };

// Whether reads and writes share the link's time or have one each.
enum class Link : std::uint8_t { kShared, kEachWay };

struct StoreTiming {
  std::uint64_t read_latency_ns = 0;
  std::uint64_t write_latency_ns = 0;
  std::uint64_t read_bytes_per_s = 0;  // 0: the transfer costs nothing beyond the latency
  std::uint64_t write_bytes_per_s = 0;
  std::uint32_t channels = 1;
  Link link = Link::kShared;
  std::uint32_t memory_permille = 0;  // of a stored byte, how much stays in the host's own RAM
  std::uint32_t jitter_permille = 0;
  std::uint32_t tail_one_in = 0;  // 0: no tail
  std::uint32_t tail_times = 1;
  std::uint32_t reads = 0;  // that its user keeps in flight at most; 0: as many as channels serve
  std::uint32_t writes = 0;
};

class StoreQueue {
 public:
  StoreQueue(const StoreTiming& timing, std::uint64_t seed);

  // The time at which an operation submitted at `now_ns` is complete.
  std::uint64_t Submit(std::uint64_t now_ns, StoreOp op, std::uint64_t bytes);

  const StoreTiming& timing() const { return timing_; }

 private:
  std::uint64_t Latency(StoreOp op);
  std::uint64_t Serve(std::uint64_t now_ns, StoreOp op, std::uint64_t bytes);

  StoreTiming timing_;
  Rng rng_;
  std::vector<std::uint64_t> channel_free_ns_;
  std::vector<std::uint64_t> slot_free_ns_[2];  // by StoreOp; empty: no limit
  std::uint64_t link_free_ns_[2] = {0, 0};  // by StoreOp; only the first where the link is shared
};

}  // namespace uffdsim
