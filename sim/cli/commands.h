// What the program's commands do, after the command line was understood.
//
// Rules:   results go to `out`; the caller prints errors. Exit codes: 0 clean, 1 violation or
//          divergence, 2 bad input (a Status here), 3 simulator bug (ends the process).
// Owned by: nothing. Errors: one sentence that says what was expected.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/arch/arch.h"
#include "sim/replay/config.h"
#include "sim/replay/report.h"
#include "traces/tools.h"

namespace uffdsim {

// --- replay --------------------------------------------------------------------------------------
struct ReplayCommand {
  std::string trace;
  std::string config_file;
  std::string json_file;
  // Options given on the command line: they win over the configuration file.
  std::vector<std::pair<std::string ReplayOptions::*, std::string>> given;
};
absl::StatusOr<int> RunReplayCommand(const ReplayCommand& command, std::ostream& out);

// What a replay command asks for, with its files read and its trace looked at.
struct ReplayPlan {
  ReplayOptions options;
  ReplayConfig config;
  ReplayInput input;  // without the header
  std::uint64_t footprint_pages = 0;
};
absl::StatusOr<ReplayPlan> PlanReplay(const ReplayCommand& command);

// --- trace ---------------------------------------------------------------------------------------
enum class OutputShape : std::uint8_t { kTable, kJson };
absl::Status TraceInfoCommand(const std::string& path, OnDamage on_damage, OutputShape shape,
                              std::ostream& out);

// --- pte -----------------------------------------------------------------------------------------
enum class PteVerb : std::uint8_t { kDecode, kEncode, kDiff, kEval };
struct PteCommand {
  PteVerb verb{};
  std::string arch;
  std::string what_if;                // empty, or a hypothetical uffd bit
  std::string form = "pte";           // see EntryForms()
  std::vector<std::string> operands;  // words, or pieces of a text
  OutputShape shape = OutputShape::kTable;
};
absl::Status RunPteCommand(const PteCommand& command, std::ostream& out);
// What `form` may be, for --help.
std::string EntryForms();

struct AlgebraCommand {
  std::string arch = "all";
  std::string what_if;
  OutputShape shape = OutputShape::kTable;
};
// 1 when a law breaks that 7.3.4 is not known to break: a hypothetical bit is then not free.
absl::StatusOr<int> RunAlgebraCommand(const AlgebraCommand& command, std::ostream& out);

// --- list ----------------------------------------------------------------------------------------
// Without an axis, the axes themselves.
absl::Status ListCommand(const std::string& axis, OutputShape shape, std::ostream& out);

}  // namespace uffdsim
