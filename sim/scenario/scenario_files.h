// What the scenario commands have in common: a list of files.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// Calls `run` with each scenario of `files` ("-" is standard input) and returns the
// greatest exit status. A file that is no scenario is named in `err` with the position, and the
// others still run.
int ForEachScenario(const std::vector<std::string>& files, std::ostream& err,
                    absl::FunctionRef<int(const std::string& file, const Scenario& scenario)> run);

}  // namespace uffdsim
