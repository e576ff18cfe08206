// The model's records of a scenario, made in a process of its own: a failing check of the simulator
// is a result like any other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/conform/backend.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

struct ModelRun {
  std::vector<std::string> records;
  std::string died;  // the failing check's words; empty when it ended as it should
};

inline constexpr char kConformProfile[] = "linux-7.3.4";

// What of a kernel and its machine decides how the model is set up.
struct ModelSetting {
  std::string arch = "x86_64";              // a configuration of model/arch
  std::optional<std::uint32_t> numa_nodes;  // as in RunOptions
  std::optional<bool> vma_locks;            // as in RunOptions
  bool proc_mem_forces = false;
  bool thp = true;  // false: the CPU has no huge pages for processes
};
// Errors: Unimplemented when the model has no such architecture, or not with that page size.
absl::StatusOr<ModelSetting> SettingOf(const KernelRun& kernel);

// Errors: InvalidArgument when it cannot run here.
absl::StatusOr<ModelRun> RunModel(const Scenario& scenario, const ModelSetting& setting);

}  // namespace uffdsim
