// How a command ends: its exit code, and the one line that says what was wrong.
#pragma once

#include <iostream>

#include "absl/status/statusor.h"
#include "sim/text/exit_status.h"

namespace uffdsim {

inline int ExitCodeOf(const absl::StatusOr<int>& outcome) {
  if (outcome.ok()) return *outcome;
  std::cerr << "uffdsim: " << outcome.status().message() << "\n";
  return kExitBadInput;
}

// The same when a result file was written last: `found` counts for more than a file that could not
// be written.
inline int ExitCodeAfterWriting(int found, const absl::Status& written) {
  if (written.ok()) return found;
  const int bad_input = ExitCodeOf(written);
  return found != 0 ? found : bad_input;
}

}  // namespace uffdsim
