// Runs recorded scenarios on the model, each in a process of its own, and compares record by
// record.
//
// A child process because a check of the simulator ends the process (model/base/check.h): the model
// must not take the comparison with it. Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/scenario/compare.h"

namespace uffdsim {

struct GoldenDifference {
  int index = 0;
  std::string operation;             // the scenario's line
  std::vector<std::string> details;  // one per differing field
};

struct GoldenReport {
  std::string name;
  int compared = 0;  // records of the recording that are comparable
  int agreed = 0;
  int before_first = 0;  // agreeing records before the first difference
  std::vector<GoldenDifference> differences;
  std::string died;  // how the child ended when it did not end well, with its last words
  std::vector<std::string> operations;  // every line, for context

  bool Agrees() const { return agreed == compared && died.empty(); }
};

struct GoldenOptions {
  std::string arch;  // empty: what the recording names
  int seconds = 10;  // a child that runs longer is ended
};

absl::StatusOr<GoldenReport> RunGolden(const GoldenCase& golden, const GoldenOptions& options);

// All cases of the folders below `root` (or `root` itself), in order.
absl::StatusOr<std::vector<GoldenCase>> FindGoldenCases(const std::vector<std::string>& roots);

}  // namespace uffdsim
