// A replay's result as one JSON document and as a short table for people.
//
// Rules:   everything under `metrics` and `intervals` is deterministic; what depends on the machine
//          (wall time, speed, memory) is under `machine` and nowhere else.
// Owned by: nothing. Errors: none.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/replay/replay.h"
#include "traces/header.h"

namespace uffdsim {

// What was replayed.
struct ReplayInput {
  std::string path;
  std::string digest;
  TraceHeader header;
};

// What the machine that ran it has to say.
struct MachineFigures {
  std::uint64_t wall_ns = 0;
  std::uint64_t cpu_ns = 0;  // what the replay used, of all threads
  std::uint64_t peak_rss_bytes = 0;
};

std::string ReplayJson(const ReplayResult& result,
                       const std::vector<std::pair<std::string, std::string>>& config,
                       const CostModel& costs, const ReplayInput& input,
                       const MachineFigures& machine);

std::string ReplayTable(const ReplayResult& result, const ReplayConfig& config,
                        const ReplayInput& input, const MachineFigures& machine);

}  // namespace uffdsim
