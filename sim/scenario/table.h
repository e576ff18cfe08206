// Records for people: one line per operation, observations as short tables.
#pragma once

#include <string>

#include "sim/scenario/run.h"

namespace uffdsim {

// The whole run, followed by the expectations that failed.
std::string RunTable(const Scenario& scenario, const RunResult& result);

// "FILE:12: expected ..\n         found    ..\n" for each.
std::string FailureText(const Scenario& scenario, const RunResult& result);

}  // namespace uffdsim
