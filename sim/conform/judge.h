// One scenario on both sides: the model's records held against a kernel's.
//
// Mirrors: what sim/scenario/compare.h promises to compare. Beyond that, a record that the kernel
// itself
//          answers differently when the scenario is repeated is the kernel's choice; nothing behind
//          it can be compared, because everything behind it may follow from it.
// Errors: a Status when a side cannot run at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/conform/backend.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

struct Divergence {
  int index = 0;
  std::string operation;  // in normal form
  std::vector<std::string> details;
  std::string kernel;  // the records, as far as they are comparable
  std::string model;
};

struct Verdict {
  std::string name;
  std::string skipped;
  std::string failed;  // the kernel hung or crashed, or the model's own check failed
  bool model_died = false;
  int operations = 0;
  int compared = 0;
  int differing = 0;
  std::optional<Divergence> first;
  std::string varies;  // why records from `compared` on say nothing; empty when all do
  std::string kernel;  // which one
};

struct JudgeOptions {
  // How often a scenario that diverges is repeated to see whether the kernel repeats itself.
  int repetitions = 3;
};

absl::StatusOr<Verdict> Judge(const Scenario& scenario, Backend* backend,
                              const JudgeOptions& options);

// The first record in which runs of one scenario differ, or -1.
int FirstVarying(const Scenario& scenario, const std::vector<KernelRun>& runs);

}  // namespace uffdsim
