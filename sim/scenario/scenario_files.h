// What the scenario commands have in common: exit codes, and a list of files.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// Exit codes; a greater one is worse.
inline constexpr int kClean = 0;
inline constexpr int kFailed = 1;
inline constexpr int kBadInput = 2;

// Calls `run` with each scenario of `files` ("-" is standard input) and returns the worst exit
// code. A file that is no scenario is named in `err` with the position, and the others still run.
int ForEachScenario(const std::vector<std::string>& files, std::ostream& err,
                    absl::FunctionRef<int(const std::string& file, const Scenario& scenario)> run);

}  // namespace uffdsim
