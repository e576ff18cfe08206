// What the explorers' commands do with a failing scenario: it is written and shown, and never lost.
//
// Rules:   files that were asked for are made before the run, so that an output that cannot be
//          written is found before the work. What goes wrong at the end is told on standard error,
//          and the scenario is printed instead.
// Owned by: the command. Errors: InvalidArgument of Create() with the path and the reason.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "sim/cli/output_file.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// The exit code of a command that found a violation.
inline constexpr int kExitViolation = 1;

class FailureFiles {
 public:
  // Paths of the scenario and of the failure as JSON; "" where none was asked for.
  static absl::StatusOr<FailureFiles> Create(const std::string& scenario, const std::string& json);

  // Writes and shows a failing scenario; it goes to `unnamed` where no path was asked for.
  // Returns kExitViolation.
  int Report(const Scenario& scenario, const std::string& unnamed, std::ostream& out);

 private:
  std::string scenario_path_;
  std::string json_path_;
  std::unique_ptr<OutputFile> scenario_;
  std::unique_ptr<OutputFile> json_;
};

}  // namespace uffdsim
