// Measures on the running host what the cost model can be told, and writes it as a cost file.
//
// Rules:   each probe runs `repetitions` times; the median is the cost, the lowest and highest are
//          kept beside it. What cannot be measured here keeps its default and is listed with the
//          reason. Results depend on the machine: this is not part of any replay.
// Owned by: values. Errors: PermissionDenied when userfaultfd is not permitted at all.
// Units:   nanoseconds.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace uffdsim {

struct CalibrateSetting {
  std::size_t bytes = std::size_t{64} << 20;  // of the memory to work on; a multiple of 2 MiB
  unsigned repetitions = 5;
};

struct Measured {
  std::string cost;  // a row of cost.def
  std::string how;
  std::vector<double> ns;  // of each repetition, ascending; empty: not measured
  std::string reason;      // why not

  double median() const { return ns[ns.size() / 2]; }
};

struct Calibration {
  std::vector<Measured> costs;
  std::string kernel;  // release, version and machine
  std::string cpu;     // model name
  unsigned cpus = 0;
  CalibrateSetting setting;
  std::size_t page_bytes = 0;
};

// `progress` hears of each measurement as it is done.
absl::StatusOr<Calibration> Calibrate(const CalibrateSetting& setting,
                                      const std::function<void(const Measured&)>& progress);

// The cost file: what was measured under "costs", how under "provenance".
std::string CalibrationJson(const Calibration& calibration);

// One line for people.
std::string MeasuredLine(const Measured& measured);

}  // namespace uffdsim
