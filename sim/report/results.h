// Results that a report is made of: the documents of `uffdsim replay`, `sweep` and `mrc`.
//
// Rules:   a document is known by its schema and command; others are refused by name of the file.
//          Runs of replays and sweeps are one list; a run is called by what sets it apart from the
//          others ("rwp, 50%").
// Owned by: values; runs point into their document. Errors: InvalidArgument with the file and what
//          was expected.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace uffdsim {

using ResultJson = nlohmann::ordered_json;

absl::StatusOr<ResultJson> ParseResult(std::string_view text, std::string_view file);

struct ResultRun {
  const ResultJson* config = nullptr;
  const ResultJson* metrics = nullptr;
  std::string label;
  bool alone = false;  // of a replay, not of a sweep

  double Metric(const char* name) const { return metrics->at(name).get<double>(); }
  // Time lost or spent, as a share of the guest's own time.
  double OfOwnTime(const char* name) const;
};

// Replays first, then runs of sweeps that are none of them. The documents must outlive the runs.
std::vector<ResultRun> RunsOf(const std::vector<ResultJson>& results);

}  // namespace uffdsim
