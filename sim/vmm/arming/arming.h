// What an arming strategy is: which of the pages that are not armed a tracker should arm again.
//
// Rules:   an armed page stays armed until it is touched, so after an interval the pages that are
//          not armed are those touched in it, those that came in, and those that the strategy left
//          alone. Of the last nothing is known; a strategy says how it counts them (Estimate).
//          Arming is the real lever on a tracker's cost: each page armed costs its share of a call,
//          a flush, and later the guest's fault.
// Owned by: the Vmm. Same calls, same seed: same plans. Units: pages; virtual nanoseconds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/vmm/policy/policy.h"

namespace uffdsim {

struct ArmingSetting {
  std::uint32_t pages = 0;  // of guest memory
  std::uint64_t interval_ns = 0;
  std::uint64_t seed = 1;
  std::vector<double> parameters;  // of its row, in order
};

// What the strategy is told at the end of an interval.
struct ArmingReport {
  std::span<const PageRange> unarmed;  // ascending, disjoint
  std::uint64_t armed_pages = 0;       // that the last plan's calls covered
  std::uint64_t arm_ns = 0;            // CPU time of those calls
  std::uint64_t look_ns = 0;           // CPU time of finding out what was touched
};

class ArmingStrategy {
 public:
  ArmingStrategy() = default;
  ArmingStrategy(const ArmingStrategy&) = delete;
  ArmingStrategy& operator=(const ArmingStrategy&) = delete;
  virtual ~ArmingStrategy() = default;

  // Appends the ranges to arm, ascending and disjoint. The first call comes before any interval,
  // with nothing unarmed.
  virtual void Plan(const ArmingReport& report, std::vector<PageRange>* arm) = 0;

  // How many intervals after the last look the next one comes; asked after Plan().
  virtual std::uint32_t Intervals() const { return 1; }

  // How many of the unarmed pages were touched in the interval that ended. Called before Plan().
  virtual std::uint64_t Estimate(std::span<const PageRange> unarmed) const;
};

std::uint64_t PagesOf(std::span<const PageRange> ranges);

}  // namespace uffdsim
