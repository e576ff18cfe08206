// Text of the scenario language to a Scenario.
//
// Errors: InvalidArgument, one line per mistake (at most ten), each `name:line:column: what is
// wrong; expected ..`, with near matches for a word that is nearly right. Never crashes on any
// input.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// `name` stands in front of error messages: the file's path.
absl::StatusOr<Scenario> ParseScenario(std::string_view name, std::string_view text);

// The same for a file; "-" is standard input.
absl::StatusOr<Scenario> LoadScenario(std::string_view path);

}  // namespace uffdsim
