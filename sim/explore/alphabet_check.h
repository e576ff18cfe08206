// What can be told from an alphabet's text: whether each line speaks of a place that is mapped by
// some line, and is an operation of the machine. A letter that cannot do anything would only make a
// closed space look larger than it is.
//
// Whether a process or a descriptor is there is not known before the space is explored:
// NeverPossible() of exhaustive.h.
// Errors: InvalidArgument, `name:line:1: expected ..`.
#pragma once

#include <span>
#include <string>

#include "absl/status/status.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

absl::Status CheckAlphabetLines(const std::string& name, std::span<const Line> operations);

}  // namespace uffdsim
