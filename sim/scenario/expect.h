// Judges one `expect` line against the operation above it and the machine as it is then.
#pragma once

#include <string>

#include "sim/scenario/executor.h"
#include "sim/scenario/record.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// Empty when it holds; else what was found instead.
std::string Judge(const Expectation& expectation, const Record& record, Executor* executor);

// Whether `text` has the letters of `pattern`; '?' stands for any one character, a trailing '*' for
// any rest.
bool MatchesPattern(std::string_view text, std::string_view pattern);

}  // namespace uffdsim
