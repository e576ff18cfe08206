// Makes a failing scenario short: lines away, then words, numbers and names, as long as it fails.
//
// Mirrors: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (TSE 2002),
// and
//          RapidCheck's shrinking of values. Operations, what the environment chooses (`choose`)
//          and the schedule (`thread`, `step`) are all lines, so one method shrinks the three of
//          them.
// Works on words, not on statements: what the language learns later shrinks too.
// `expect` lines stay as they are: they are what fails.
// Deterministic. Owned by: the caller. Errors: none; a scenario that does not fail comes back as it
// was.
#pragma once

#include <cstdint>
#include <functional>

#include "sim/scenario/statement.h"

namespace uffdsim {

// Whether the scenario still shows the failure. Candidates always parse; they may make no sense.
using StillFails = std::function<bool(const Scenario&)>;

struct ShrinkOptions {
  std::uint64_t most_runs = 30000;  // of the predicate; the best so far is the result
};

struct Shrunk {
  Scenario scenario;
  std::uint64_t runs = 0;  // of the predicate
};

Shrunk Shrink(const Scenario& failing, const StillFails& fails, const ShrinkOptions& options = {});

}  // namespace uffdsim
