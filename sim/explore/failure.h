// How a failure is shown: one column per actor, what each statement came to, the broken promise,
// and the command that shows it again.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// For people. `file` is where the scenario was written.
absl::StatusOr<std::string> FailureText(const Scenario& scenario, const std::string& file);

// The same as JSON: scenario, violation, file, replay command.
absl::StatusOr<std::string> FailureJson(const Scenario& scenario, const std::string& file);

}  // namespace uffdsim
