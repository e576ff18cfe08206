// Miss-ratio curves of any policy: one demand-paged simulation per size, on several threads.
//
// Rules:   each (policy, size) is a run of its own over the same references, seen one by one (the
//          oracle), so the result does not depend on the number of threads. A policy that needs the
//          future gets it. Policies that draw at random all draw from `seed`.
// Owned by: values. Errors: none. Units: pages.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "sim/mrc/references.h"
#include "sim/vmm/policy/registry.h"

namespace uffdsim {

struct PolicyCurve {
  PolicyChoice policy;
  std::vector<std::uint64_t> misses;  // one per size
};

struct PolicyRuns {
  std::span<const PolicyChoice> policies;
  std::span<const std::uint64_t> sizes;
  std::uint64_t seed = 1;
  unsigned threads = 1;
  // Called after each run, one call at a time; may be empty.
  std::function<void(std::size_t done, std::size_t all)> progress;
};

std::vector<PolicyCurve> SimulatePolicies(const ReferenceString& references,
                                          const PolicyRuns& runs);

}  // namespace uffdsim
