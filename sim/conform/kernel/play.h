// One scenario from its text to its records, on this kernel.
#pragma once

#include <functional>
#include <string>

#include "sim/conform/kernel/look.h"
#include "sim/conform/kernel/session.h"

namespace uffdsim {

struct PlaySettings {
  bool allow_machine_wide = false;
  WakeOrder order = WakeOrder::kNewestFirst;
  // Called with every line of the answer, without a newline.
  std::function<void(const std::string& line)> on_line;
};

// The first line names the kernel and what it offers; then one record for each operation, or one
// line
// {"skipped": reason}; then {"end": N}. {"reclaimed": N} behind record N: by then the kernel had
// looked for memory to reclaim. Bad input: {"error": text}. A scenario that hangs the
// session ends early with {"stuck": operation}. Answers an exit code: 0, 2 bad input, 3 stuck.
int Play(const std::string& name, const std::string& text, const PlaySettings& settings,
         Looker* looker);

}  // namespace uffdsim
