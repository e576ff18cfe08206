// Schedules drawn at random instead of all of them: PCT.
//
// Mirrors: Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding
// Bugs"
//          (ASPLOS 2010).
#pragma once

#include "sim/explore/interleave/interleave.h"

namespace uffdsim {

// InterleaveOptions::pct schedules, or fewer when one fails.
absl::StatusOr<InterleaveResult> SampleSchedules(const Program& program,
                                                 const InterleaveOptions& options);

}  // namespace uffdsim
