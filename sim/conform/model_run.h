// The model's records of a scenario, made in a process of its own: a failing check of the simulator
// is a result like any other.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

struct ModelRun {
  std::vector<std::string> records;
  std::string died;  // the failing check's words; empty when it ended as it should
};

inline constexpr char kConformProfile[] = "linux-7.3.4";

// `arch` as the kernel names it (uname -m). Errors: InvalidArgument when it cannot run here.
absl::StatusOr<ModelRun> RunModel(const Scenario& scenario, const std::string& arch);

}  // namespace uffdsim
