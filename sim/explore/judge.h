// Whether a scenario breaks an invariant: the predicate behind every explorer's shrinking.
//
// The scenario says everything itself (`arch`, `profile`, `defect` lines), so that what was judged
// is what the file replays. Errors: InvalidArgument when it cannot run.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/scenario/run.h"

namespace uffdsim {

// The machine that explorers run on.
struct MachineChoice {
  std::string arch = "x86_64";
  std::string profile = "ideal";
  std::vector<std::string> defects;
  bool tlb = false;  // translations are cached until they are flushed
};

// The lines that say so, in front of the operations.
std::vector<Line> HeaderOf(const MachineChoice& machine);
absl::StatusOr<const Arch*> ArchOf(const MachineChoice& machine);

// The machine that RunScenario() makes of those lines.
absl::StatusOr<MachineConfig> ConfigOf(const MachineChoice& machine);

struct Broken {
  RecordViolation violation;
  std::size_t operation = 0;  // how many came before it
};

// The first violation; nothing when the referee is content.
absl::StatusOr<std::optional<Broken>> FirstBroken(const Scenario& scenario);

// The scenario up to the operation that broke it.
Scenario CutAfter(const Scenario& scenario, std::size_t operation);

}  // namespace uffdsim
