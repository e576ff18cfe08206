// How a command ends: its exit code, and the one line that says what was wrong.
#pragma once

#include <iostream>

#include "absl/status/statusor.h"

namespace uffdsim {

inline constexpr int kExitBadInput = 2;

inline int ExitCodeOf(const absl::StatusOr<int>& outcome) {
  if (outcome.ok()) return *outcome;
  std::cerr << "uffdsim: " << outcome.status().message() << "\n";
  return kExitBadInput;
}

}  // namespace uffdsim
