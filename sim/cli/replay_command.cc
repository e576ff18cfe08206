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

// Looks at the trace before the run: digest and footprint. A pipe can only be read once.
absl::Status LookAt(ReplayPlan* plan) {
  const std::string& trace = plan->options.trace;
  plan->input.path = trace;
  if (trace == "-") {
    if (plan->config.dram.kind == DramLimit::Kind::kFootprint) {
      return absl::InvalidArgumentError(
          "--dram as a share of the footprint needs to read the trace twice: expected a file, not "
          "a pipe");
    }
    return absl::OkStatus();
  }
  const absl::StatusOr<TraceInfo> info = ReadTraceInfo(trace);
  if (!info.ok()) return info.status();
  if (info->format != "uftrace") {
    return absl::InvalidArgumentError(trace + ": a trace of format " + info->format +
                                      ": expected UFTRACE; run `uffdsim trace convert " + trace +
                                      " OUT.uft` first");
  }
  plan->input.digest = info->digest;
  plan->footprint_pages = info->distinct_pages;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ReplayPlan> PlanReplay(const ReplayCommand& command) {
  ReplayPlan plan;
  absl::StatusOr<ReplayOptions> options = OptionsOf(command);
  if (!options.ok()) return options.status();
  plan.options = *std::move(options);
  std::string costs;
  if (plan.options.costs != "default") {
    absl::StatusOr<std::string> text = ReadWholeFile(plan.options.costs);
    if (!text.ok()) return text.status();
    costs = *std::move(text);
  }
  absl::StatusOr<ReplayConfig> config = ResolveReplay(plan.options, costs);
  if (!config.ok()) return config.status();
  plan.config = *std::move(config);
  const absl::Status status = LookAt(&plan);
  if (!status.ok()) return status;
  return plan;
}

absl::StatusOr<int> RunReplayCommand(const ReplayCommand& command, std::ostream& out) {
  absl::StatusOr<ReplayPlan> plan = PlanReplay(command);
  if (!plan.ok()) return plan.status();
  std::unique_ptr<OutputFile> json;
  if (!command.json_file.empty()) {
    absl::StatusOr<std::unique_ptr<OutputFile>> created = OutputFile::Create(command.json_file);
    if (!created.ok()) return created.status();
    json = *std::move(created);
  }
  absl::StatusOr<std::unique_ptr<TraceReader>> reader = TraceReader::Open(plan->options.trace);
  if (!reader.ok()) return reader.status();
  TraceStream stream(*std::move(reader));
  plan->input.header = stream.header();

  const Stopwatch stopwatch;
  const absl::StatusOr<ReplayResult> result =
      RunReplay(plan->config, stream, plan->footprint_pages);
  if (!result.ok()) return result.status();
  MachineFigures machine;
  machine.wall_ns = stopwatch.WallNs();
  machine.cpu_ns = stopwatch.CpuNs();
  machine.peak_rss_bytes = PeakRssBytes();

  if (json) {
    const absl::Status status = json->Commit(ReplayJson(*result, Echo(plan->options, plan->config),
                                                        plan->config.costs, plan->input, machine));
    if (!status.ok()) return status;
  }
  out << ReplayTable(*result, plan->config, plan->input, machine);
  const bool clean = result->metrics.lost_updates == 0 && result->metrics.violations == 0;
  return clean ? 0 : 1;
}

}  // namespace uffdsim
