// `uffdsim sensitivity TRACE`: which costs a conclusion depends on.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"
#include "sim/cli/laboratory.h"
#include "sim/cli/outcome.h"
#include "sim/cli/output_file.h"
#include "sim/cli/progress.h"
#include "sim/cli/replay_options.h"
#include "sim/parallel/parallel.h"
#include "sim/replay/sensitivity.h"

namespace uffdsim {
namespace {

using Json = nlohmann::ordered_json;

struct SensitivityCommand {
  std::string against;
  std::string json_file;
  unsigned threads = 1;
};

// The configuration asked for, and the same with each of the other trackers.
absl::StatusOr<std::vector<ReplayPlan>> Contenders(const ReplayCommand& replay,
                                                   const std::string& against) {
  std::vector<ReplayPlan> plans;
  absl::StatusOr<ReplayPlan> first = PlanReplay(replay);
  if (!first.ok()) return first.status();
  if (first->options.trace == "-") {
    return absl::InvalidArgumentError("the trace is read many times: expected a file, not a pipe");
  }
  plans.push_back(*std::move(first));
  for (const absl::string_view name : absl::StrSplit(against, ',', absl::SkipEmpty())) {
    ReplayCommand other = replay;
    other.given.emplace_back(&ReplayOptions::tracker, std::string(name));
    absl::StatusOr<ReplayPlan> plan = PlanReplay(other);
    if (!plan.ok()) return plan.status();
    plans.push_back(*std::move(plan));
  }
  return plans;
}

std::string Names(const std::vector<std::size_t>& order, const std::vector<ReplayPlan>& plans) {
  std::string text;
  for (const std::size_t i : order) {
    if (!text.empty()) text += " < ";
    text += plans[i].config.tracker->name;
  }
  return text;
}

void Print(const Sensitivity& result, const std::vector<ReplayPlan>& plans) {
  std::cout << absl::StrFormat("slow-down of %s: %.2f %% with tracker %s\n", plans[0].input.path,
                               static_cast<double>(result.slowdowns[0]) / 1e4,
                               std::string(plans[0].config.tracker->name));
  if (plans.size() > 1) std::cout << "order: " << Names(result.order, plans) << "\n";
  for (const SensitivityRow& row : result.rows) {
    std::cout << absl::StrFormat("  %-20s %+.4f", row.cost, row.elasticity);
    if (row.turns) {
      std::cout << "  turns the order: halved " << Names(row.order_at_half, plans) << ", doubled "
                << Names(row.order_at_twice, plans);
    }
    std::cout << "\n";
  }
  std::cout
      << "elasticity: per cent of slow-down for each per cent of the cost, from half to twice\n";
}

std::string JsonOf(const Sensitivity& result, const std::vector<ReplayPlan>& plans) {
  const auto names = [&](const std::vector<std::size_t>& order) {
    Json list = Json::array();
    for (const std::size_t i : order) list.push_back(std::string(plans[i].config.tracker->name));
    return list;
  };
  Json contenders = Json::array();
  for (std::size_t i = 0; i < plans.size(); ++i) {
    contenders.push_back({{"tracker", std::string(plans[i].config.tracker->name)},
                          {"slowdown", static_cast<double>(result.slowdowns[i]) / 1e6}});
  }
  Json rows = Json::array();
  for (const SensitivityRow& row : result.rows) {
    rows.push_back({{"cost", row.cost},
                    {"elasticity", row.elasticity},
                    {"turns_order", row.turns},
                    {"order_at_half", names(row.order_at_half)},
                    {"order_at_twice", names(row.order_at_twice)}});
  }
  Json config;
  for (const auto& [key, value] : Echo(plans[0].options, plans[0].config)) config[key] = value;
  Json document;
  document["schema"] = "uffdsim-sensitivity-1";
  document["command"] = "sensitivity";
  document["config"] = std::move(config);
  document["contenders"] = std::move(contenders);
  document["order"] = names(result.order);
  document["costs"] = std::move(rows);
  return document.dump(1) + "\n";
}

absl::StatusOr<int> RunSensitivityCommand(const SensitivityCommand& command,
                                          const ReplayCommand& replay) {
  const absl::StatusOr<std::vector<ReplayPlan>> plans = Contenders(replay, command.against);
  if (!plans.ok()) return plans.status();
  std::unique_ptr<OutputFile> json;
  if (!command.json_file.empty()) {
    absl::StatusOr<std::unique_ptr<OutputFile>> created = OutputFile::Create(command.json_file);
    if (!created.ok()) return created.status();
    json = *std::move(created);
  }
  std::vector<ReplayConfig> configs;
  for (const ReplayPlan& plan : *plans) configs.push_back(plan.config);
  const ReplayPlan& first = plans->front();
  const auto slowdown = [&](const ReplayConfig& config) -> absl::StatusOr<std::uint64_t> {
    absl::StatusOr<std::unique_ptr<TraceReader>> reader = TraceReader::Open(first.options.trace);
    if (!reader.ok()) return reader.status();
    TraceStream stream(*std::move(reader));
    const absl::StatusOr<ReplayResult> result = RunReplay(config, stream, first.footprint_pages);
    if (!result.ok()) return result.status();
    return result->metrics.slowdown;
  };
  absl::StatusOr<Sensitivity> result;
  {
    Progress progress("sensitivity", "runs");
    result = RunSensitivity(configs, command.threads, slowdown,
                            [&](std::size_t done, std::size_t all) { progress.Show(done, all); });
  }
  if (!result.ok()) return result.status();
  Print(*result, *plans);
  if (json) {
    const absl::Status status = json->Commit(JsonOf(*result, *plans));
    if (!status.ok()) return status;
  }
  return 0;
}

}  // namespace

void AddSensitivity(CLI::App& app, int* exit_code) {
  auto command = std::make_shared<SensitivityCommand>();
  command->threads = HardwareThreads();
  CLI::App* sub = app.add_subcommand(
      "sensitivity", "Which costs a replay's slow-down, and an order of trackers, depend on");
  const auto arguments = AddReplayOptions(*sub);
  sub->add_option("--against", command->against, "other trackers, whose order is watched")
      ->type_name("NAME,NAME");
  sub->add_option("--threads", command->threads, "replays at a time; default: all cores")
      ->check(CLI::Range(1, 1024));
  sub->add_option("--json", command->json_file, "write the whole result there");
  sub->callback([command, arguments, exit_code] {
    *exit_code = ExitCodeOf(RunSensitivityCommand(*command, arguments->Command()));
  });
}

}  // namespace uffdsim
