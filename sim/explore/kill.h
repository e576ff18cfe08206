// The kill matrix: which engine finds which seeded defect, and how soon.
//
// survivors.def says of a defect that none of them finds why; silent.def of one that the exhaustive
// engine does not find.
//
// An engine is one row of kill_engines.def and one function. Each tries a defect with a budget of
// operations, so that the matrix is the same on every machine; seconds are measured beside it.
// Errors: InvalidArgument for what cannot be set up.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/explore/judge.h"

namespace uffdsim {

struct KillAttempt {
  bool killed = false;
  std::string by;              // the invariant, or "differs"
  std::string where;           // alphabet, seed or program
  std::uint64_t work = 0;      // operations performed up to the kill, or all of the budget
  std::size_t operations = 0;  // of the shortest scenario, its set-up not counted
};

struct KillEngine {
  std::string_view name;
  std::string_view sentence;
  // Whether an invariant tells, or the comparison with a machine that has no defect.
  enum class Judge : std::uint8_t { kReferee, kComparison } judge;
  // `machine` with its defects, which may be none: then nothing must be found.
  absl::StatusOr<KillAttempt> (*run)(const MachineChoice& machine, std::uint64_t budget);
};
std::span<const KillEngine> KillEngines();
const KillEngine* FindKillEngine(std::string_view name);

// Why no engine finds the defect, or why the referee has nothing to say of it in the exhaustive
// engine; "" when that is not known.
std::string_view ReasonToSurvive(std::string_view defect);
std::string_view ReasonOfSilence(std::string_view defect);

}  // namespace uffdsim
