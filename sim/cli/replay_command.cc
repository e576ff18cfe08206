#include <memory>

#include "sim/cli/commands.h"
#include "sim/cli/machine_figures.h"
#include "sim/cli/output_file.h"
#include "sim/replay/replay.h"
#include "sim/replay/report.h"

namespace uffdsim {
namespace {

absl::StatusOr<ReplayOptions> OptionsOf(const ReplayCommand& command) {
  ReplayOptions options;
  if (!command.config_file.empty()) {
    const absl::StatusOr<std::string> text = ReadWholeFile(command.config_file);
    if (!text.ok()) return text.status();
    const absl::Status status = ApplyConfigJson(*text, command.config_file, &options);
    if (!status.ok()) return status;
  }
  for (const auto& [member, value] : command.given) options.*member = value;
  if (!command.trace.empty()) options.trace = command.trace;
  if (options.trace.empty()) {
    return absl::InvalidArgumentError(
        "no trace: expected a file name, or key \"trace\" in --config");
  }
  return options;
}

struct Prepared {
  ReplayInput input;
  std::uint64_t footprint_pages = 0;
};

// Looks at the trace before the run: digest and footprint. A pipe can only be read once.
absl::StatusOr<Prepared> LookAt(const ReplayOptions& options, const ReplayConfig& config) {
  Prepared prepared;
  prepared.input.path = options.trace;
  if (options.trace == "-") {
    if (config.dram.kind == DramLimit::Kind::kFootprint) {
      return absl::InvalidArgumentError(
          "--dram as a share of the footprint needs to read the trace twice: expected a file, not "
          "a "
          "pipe");
    }
    return prepared;
  }
  absl::StatusOr<TraceInfo> info = ReadTraceInfo(options.trace);
  if (!info.ok()) return info.status();
  if (info->format != "uftrace") {
    return absl::InvalidArgumentError(options.trace + ": a trace of format " + info->format +
                                      ": expected UFTRACE; run `uffdsim trace convert " +
                                      options.trace + " OUT.uft` first");
  }
  prepared.input.digest = info->digest;
  prepared.footprint_pages = info->distinct_pages;
  return prepared;
}

}  // namespace

absl::StatusOr<int> RunReplayCommand(const ReplayCommand& command, std::ostream& out) {
  const absl::StatusOr<ReplayOptions> options = OptionsOf(command);
  if (!options.ok()) return options.status();
  std::string costs;
  if (options->costs != "default") {
    absl::StatusOr<std::string> text = ReadWholeFile(options->costs);
    if (!text.ok()) return text.status();
    costs = *std::move(text);
  }
  const absl::StatusOr<ReplayConfig> config = ResolveReplay(*options, costs);
  if (!config.ok()) return config.status();
  std::unique_ptr<OutputFile> json;
  if (!command.json_file.empty()) {
    absl::StatusOr<std::unique_ptr<OutputFile>> created = OutputFile::Create(command.json_file);
    if (!created.ok()) return created.status();
    json = *std::move(created);
  }
  absl::StatusOr<Prepared> prepared = LookAt(*options, *config);
  if (!prepared.ok()) return prepared.status();
  absl::StatusOr<std::unique_ptr<TraceReader>> reader = TraceReader::Open(options->trace);
  if (!reader.ok()) return reader.status();
  TraceStream stream(*std::move(reader));
  prepared->input.header = stream.header();

  const Stopwatch stopwatch;
  const absl::StatusOr<ReplayResult> result = RunReplay(*config, stream, prepared->footprint_pages);
  if (!result.ok()) return result.status();
  MachineFigures machine;
  machine.wall_ns = stopwatch.WallNs();
  machine.cpu_ns = stopwatch.CpuNs();
  machine.peak_rss_bytes = PeakRssBytes();

  if (json) {
    const absl::Status status = json->Commit(
        ReplayJson(*result, Echo(*options, *config), config->costs, prepared->input, machine));
    if (!status.ok()) return status;
  }
  out << ReplayTable(*result, *config, prepared->input, machine);
  const bool clean = result->metrics.lost_updates == 0 && result->metrics.violations == 0;
  return clean ? 0 : 1;
}

}  // namespace uffdsim
