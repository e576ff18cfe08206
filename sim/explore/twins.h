// Twins: a machine with a seeded defect beside one without, through every state of the clean one.
//
// Breadth first over the clean machine's states; every letter is performed by both, and the first
// letter after which they differ (in what the operation answered, or in the canonical digest) is
// the shortest way to tell them apart. It finds what no invariant speaks of.
// Deterministic; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/explore/subject.h"

namespace uffdsim {

struct TwinsResult {
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;  // of one twin
  // How they came to differ; nothing: they did not.
  std::optional<std::vector<std::uint16_t>> letters;
};

// Two settings of the same alphabet. Ends when the clean space closes, or after so many
// transitions.
absl::StatusOr<TwinsResult> CompareTwins(const Setting& clean, const Setting& defective,
                                         std::uint64_t transitions_max);

}  // namespace uffdsim
