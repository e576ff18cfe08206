// A function run in a process of its own: a failing check of the simulator, or a loop without end,
// is a result like any other.
//
// Errors: Internal when no process can be made. Units: seconds.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace uffdsim {

struct Forked {
  std::string output;  // what the function wrote, and whatever a failing check printed
  int code = 0;        // exit code, or 128 + signal
};

// `work` writes to the descriptor that it is given and answers an exit code.
absl::StatusOr<Forked> RunForked(const std::function<int(int out)>& work, unsigned seconds_at_most);

// The whole text; false when nobody reads it.
bool WriteAll(int file, const std::string& text);

}  // namespace uffdsim
