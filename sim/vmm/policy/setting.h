// What a policy is built from.
//
// Units: pages; `seed` feeds the policies that draw at random; `next_use` is for those that know
// the future: next_use[i] is the index of the next reference to the page of reference i, or
// kNeverAgain. Owned by: the caller; `next_use` must outlive the policy.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

namespace uffdsim {

inline constexpr std::uint32_t kNeverAgain = ~std::uint32_t{0};

struct PolicySetting {
  std::uint32_t page_count = 0;  // page numbers are below this
  std::uint64_t capacity = 0;    // resident pages the policy plans for
  std::uint64_t seed = 1;
  std::span<const double> parameters;  // values in the order of the policy's row
  std::span<const std::uint32_t> next_use;
};

// A parameter that is a share of the capacity: rounded down, at least 1.
inline std::uint64_t ShareOf(std::uint64_t capacity, double share) {
  const auto pages = static_cast<std::uint64_t>(std::floor(static_cast<double>(capacity) * share));
  return pages == 0 ? 1 : pages;
}

}  // namespace uffdsim
