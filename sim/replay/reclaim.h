// The host's own reclaim beside the VMM: MGLRU's walks, which take accessed bits away.
//
// Mirrors: walk_mm() and walk_pte_range() of mm/vmscan.c. What is old enough to be evicted is not
//          modelled: this is what its looking costs those who look at the same bits.
// Rules:   every kPeriodNs the next pages of guest memory, round and round, at the stated rate.
// Owned by: the replay. Units: pages a second, virtual nanoseconds.
#pragma once

#include <cstdint>

#include "sim/replay/linux_host.h"

namespace uffdsim {

class HostReclaim {
 public:
  explicit HostReclaim(std::uint64_t pages_per_second)
      : rate_(pages_per_second), next_ns_(rate_ == 0 ? kNeverNs : kPeriodNs) {}

  std::uint64_t NextNs() const { return next_ns_; }
  void Run(LinuxHost& host);

 private:
  static constexpr std::uint64_t kPeriodNs = 1'000'000;
  std::uint64_t rate_;
  std::uint64_t next_ns_;
  std::uint64_t owed_ = 0;  // millionths of a page
  PageId at_ = 0;
};

}  // namespace uffdsim
