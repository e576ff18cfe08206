// How a failure is shown: one column per actor, what each statement came to, the broken promise or
// the expectation that does not hold with the step, the words and the kernel function behind it,
// and the command that shows it again.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// Who does a line where a comment of one word says so (`messages U  # handler`); "" otherwise.
std::string NamedActor(const Line& line);

// For people. `file` is where the scenario was written; "": nowhere.
absl::StatusOr<std::string> FailureText(const Scenario& scenario, const std::string& file);

// The same as JSON: scenario, violation or expectation, file, replay command.
absl::StatusOr<std::string> FailureJson(const Scenario& scenario, const std::string& file);

}  // namespace uffdsim
