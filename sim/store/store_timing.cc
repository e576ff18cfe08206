#include "sim/store/store_timing.h"

#include <algorithm>
#include <cstddef>

#include "model/base/check.h"

namespace uffdsim {
namespace {

__extension__ using Wide = unsigned __int128;  // not ISO C++, but in both compilers

// Rounded up: nothing arrives before its last byte.
std::uint64_t TransferNs(std::uint64_t bytes, std::uint64_t bytes_per_s) {
  constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
  if (bytes_per_s == 0) return 0;
  return static_cast<std::uint64_t>((Wide{bytes} * kNsPerSecond + bytes_per_s - 1) / bytes_per_s);
}

}  // namespace

StoreQueue::StoreQueue(const StoreTiming& timing, std::uint64_t seed)
    : timing_(timing),
      rng_(seed),
      channel_free_ns_(timing.channels, 0),
      slot_free_ns_{std::vector<std::uint64_t>(timing.reads, 0),
                    std::vector<std::uint64_t>(timing.writes, 0)} {
  UFFDSIM_CHECK(timing.channels > 0);
}

std::uint64_t StoreQueue::Latency(StoreOp op) {
  std::uint64_t latency = op == StoreOp::kRead ? timing_.read_latency_ns : timing_.write_latency_ns;
  if (timing_.jitter_permille > 0) {
    const std::uint64_t permille =
        1000 - timing_.jitter_permille + rng_.Below(2 * std::uint64_t{timing_.jitter_permille} + 1);
    latency = latency * permille / 1000;
  }
  if (timing_.tail_one_in > 0 && rng_.Below(timing_.tail_one_in) == 0) {
    latency *= timing_.tail_times;
  }
  return latency;
}

std::uint64_t StoreQueue::Submit(std::uint64_t now_ns, StoreOp op, std::uint64_t bytes) {
  std::vector<std::uint64_t>& slots = slot_free_ns_[op == StoreOp::kRead ? 0 : 1];
  if (slots.empty()) return Serve(now_ns, op, bytes);
  std::uint64_t& slot = *std::min_element(slots.begin(), slots.end());
  return slot = Serve(std::max(now_ns, slot), op, bytes);
}

std::uint64_t StoreQueue::Serve(std::uint64_t now_ns, StoreOp op, std::uint64_t bytes) {
  // min_element returns the first of equals: the lowest numbered channel.
  std::uint64_t& channel = *std::min_element(channel_free_ns_.begin(), channel_free_ns_.end());
  const std::uint64_t ready_ns = std::max(now_ns, channel) + Latency(op);

  const bool own_link = timing_.link == Link::kEachWay && op == StoreOp::kWrite;
  std::uint64_t& link = link_free_ns_[own_link ? 1 : 0];
  const std::uint64_t bandwidth =
      op == StoreOp::kRead ? timing_.read_bytes_per_s : timing_.write_bytes_per_s;
  const std::uint64_t transfer_ns = TransferNs(bytes, bandwidth);
  if (transfer_ns == 0) return channel = ready_ns;
  link = std::max(ready_ns, link) + transfer_ns;
  return channel = link;
}

}  // namespace uffdsim
