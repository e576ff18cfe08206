// What a replay is asked to do: options as people write them, and what they mean.
//
// Rules:   options.def has one row per option. A configuration file is one JSON object whose keys
// are
//          the rows' names; the command line comes after it. Echo() gives the effective
//          configuration back, canonical and complete, and Parse of the echo means the same.
// Owned by: values. Errors: InvalidArgument with the option (or file and key), the value and what
// was
//          expected; unknown names come with their near matches.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/arch/arch.h"
#include "sim/cost/cost_model.h"
#include "sim/store/catalogue.h"
#include "sim/vmm/arming/registry.h"
#include "sim/vmm/policy/registry.h"
#include "sim/vmm/tracker/tracker.h"

namespace uffdsim {

struct StepTable;  // model/path/step_table.h

struct ReplayOptions {
  std::string trace;  // the positional argument, or key "trace"
#define OPTION(member, name, initial, value, sentence) std::string member = initial;
#include "sim/replay/options.def"
#undef OPTION
};

struct OptionRow {
  std::string_view name;  // "arm-chunk"
  std::string_view key;   // "arm_chunk"
  std::string_view initial;
  std::string_view value;  // what the help calls it
  std::string_view sentence;
  std::string ReplayOptions::*member;
};
std::span<const OptionRow> ReplayOptionRows();

// Sets what the document names and leaves the rest. `file` is for messages.
absl::Status ApplyConfigJson(std::string_view json, std::string_view file, ReplayOptions* options);

// How much memory the guest may occupy.
struct DramLimit {
  enum class Kind : std::uint8_t { kAll, kBytes, kFootprint } kind = Kind::kAll;
  std::uint64_t bytes = 0;
  std::uint64_t millionths = 0;  // of the footprint
};

struct ReplayConfig {
  DramLimit dram;
  std::uint64_t interval_ns = 0;
  const TrackerRow* tracker = nullptr;
  ArmingChoice arming;  // row null: the tracker does not arm
  PolicyChoice policy;
  EvictWhat evict = EvictWhat::kPressure;
  StoreChoice store;
  const Arch* arch = nullptr;
  std::string profile;
  std::shared_ptr<const StepTable> steps;  // of the profile
  std::uint64_t seed = 1;
  std::uint64_t rate = 0;  // instructions per second; 0: the trace's
  CostModel costs;
  std::uint64_t arm_chunk_bytes = 0;
  std::uint32_t evict_batch_pages = 0;
  std::uint32_t write_back_batches = 1;
  std::uint32_t read_ahead_pages = 0;  // 0: none
  std::uint32_t write_tries = 1;
  std::uint64_t retry_pause_ns = 0;
  std::uint64_t reclaim_aging = 0;  // pages a second
  std::uint64_t false_cold_intervals = 0;
  std::uint32_t heat_map_rows = 0;  // 0: no heat map
  std::uint64_t fail_reads = 0;
  std::uint64_t fail_writes = 0;
  enum class Check : std::uint8_t { kOff, kOn } check = Check::kOff;
};

// `cost_document`: the text of the file that options.costs names; empty for "default".
absl::StatusOr<ReplayConfig> ResolveReplay(const ReplayOptions& options,
                                           std::string_view cost_document);

// The effective configuration as (key, text) in the order of the rows, canonical.
std::vector<std::pair<std::string, std::string>> Echo(const ReplayOptions& options,
                                                      const ReplayConfig& config);

}  // namespace uffdsim
