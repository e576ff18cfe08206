// This machine's own kernel: the executor as a child process.
#pragma once

#include <memory>
#include <string>

#include "sim/conform/backend.h"

namespace uffdsim {

enum class MachineWide : bool { kRefused, kAllowed };

// `executor` is the path of uffdsim-kernel.
std::unique_ptr<Backend> MakeHostBackend(const std::string& executor, MachineWide machine_wide);

// Where the program's own executor is: beside it.
std::string DefaultExecutor();

}  // namespace uffdsim
