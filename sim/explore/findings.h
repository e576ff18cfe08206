// Findings: what Linux 7.3.4 itself does against what its interface promises.
//
// Each has a row in findings.def and its shortest scenario in tests/scenario/findings/, which is
// compiled in. A finding is confirmed by running that scenario twice: profile linux-7.3.4 must
// break the invariant that the row names, profile ideal must break none.
// Owned by: constant tables. Errors: InvalidArgument when a scenario cannot run.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace uffdsim {

struct FindingRow {
  std::string_view name;         // tests/scenario/findings/NAME.scn
  std::string_view invariant;    // a row of model/spec/invariants.def
  std::string_view defect;       // the row of model/defect that reproduces it
  std::string_view kernel;       // file and function
  std::string_view explanation;  // what happens, and what a user loses by it
  std::string_view scenario;     // text
};
std::span<const FindingRow> Findings();

struct FindingResult {
  const FindingRow* row = nullptr;
  bool reproduced = false;            // linux-7.3.4 breaks the invariant, as the scenario expects
  bool repaired = false;              // ideal breaks nothing
  std::string at;                     // where, in which step, with the entry before and after
  std::vector<std::string> in_ideal;  // invariants that ideal breaks
};
absl::StatusOr<FindingResult> ConfirmFinding(const FindingRow& row);

}  // namespace uffdsim
