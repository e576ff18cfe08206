// Which costs does a conclusion depend on?
//
// Mirrors: elasticity, as economists define it: the per cent by which the guest's slow-down changes
//          when a cost changes by one per cent, here between half and twice the cost.
// Rules:   each cost is halved and doubled in turn, everything else stays. With several contenders
//          (trackers, say) their order by slow-down is compared with the order at the given costs:
//          a cost that turns it is one that must be measured before the conclusion is believed.
//          The store's latencies count as costs too.
// Owned by: values. Errors: those of the runs. Units: slow-downs as in metrics.def, in millionths.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/replay/config.h"

namespace uffdsim {

struct SensitivityRow {
  std::string cost;
  double elasticity = 0;                   // of the first contender's slow-down
  std::vector<std::size_t> order_at_half;  // contenders by slow-down, the best first
  std::vector<std::size_t> order_at_twice;
  bool turns = false;  // an order differs from the one at the given costs
};

struct Sensitivity {
  std::vector<std::uint64_t> slowdowns;  // of each contender at the given costs
  std::vector<std::size_t> order;
  std::vector<SensitivityRow>
      rows;  // the most elastic first; costs that change nothing are left out
};

// One run: the slow-down of a configuration. Called from several threads at a time.
using SlowdownOf = std::function<absl::StatusOr<std::uint64_t>(const ReplayConfig&)>;

absl::StatusOr<Sensitivity> RunSensitivity(
    std::span<const ReplayConfig> contenders, unsigned threads, const SlowdownOf& slowdown,
    const std::function<void(std::size_t, std::size_t)>& progress);

}  // namespace uffdsim
