// What a sweep is asked to do: a cross product of values of replay's options.
//
//   {
//     "axes": {
//       "trace": ["traces/samples/redis.uft", "traces/samples/pg.uft"],
//       "tracker": ["rwp", "oracle"],
//       "dram": ["25%", "50%"]
//     },
//     "options": {"interval": "20ms"}
//   }
//
// Rules:   keys are "trace" and those of replay's options (options.def, with '_' for '-'): what
//          replay can be told can be an axis. The first axis varies slowest, and that is the order
//          of results. Every value and every combination is looked at before the first run.
// Owned by: values. Errors: InvalidArgument "FILE:LINE:COLUMN: /pointer: what is wrong and what was
//          expected"; unknown names come with their near matches.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/replay/config.h"
#include "traces/tools.h"

namespace uffdsim {

struct SweepAxis {
  std::string key;
  std::vector<std::string> values;
};

struct SweepSpec {
  std::vector<SweepAxis> axes;
  ReplayOptions options;  // of every run, before its axes
  // What "options" named, in its order.
  std::vector<std::pair<std::string, std::string>> fixed;
};

// The member that a key names, or null.
std::string ReplayOptions::*SweepMember(std::string_view key);

absl::StatusOr<SweepSpec> ParseSweepSpec(std::string_view text, std::string_view file);

struct SweepRun {
  ReplayOptions options;
  ReplayConfig config;
  // XXH3-128 of the program's version, the trace's content and the effective configuration: equal
  // for runs whose results are equal by construction, whatever the names of files.
  std::string digest;
};

struct SweepPlan {
  SweepSpec spec;
  std::vector<SweepRun> runs;               // in the order of results
  std::map<std::string, TraceInfo> traces;  // by path
};

// Reads the traces' heads and resolves every run. `read_file` reads cost models.
using ReadFile = std::function<absl::StatusOr<std::string>(const std::string& path)>;
absl::StatusOr<SweepPlan> PlanSweep(std::string_view text, std::string_view file,
                                    const ReadFile& read_file);

}  // namespace uffdsim
