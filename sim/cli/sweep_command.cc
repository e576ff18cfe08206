// `uffdsim sweep SPEC.json`: many replays, resumable.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include "sim/cli/laboratory.h"
#include "sim/cli/outcome.h"
#include "sim/cli/output_file.h"
#include "sim/cli/progress.h"
#include "sim/parallel/parallel.h"
#include "sim/sweep/sweep.h"

namespace uffdsim {
namespace {

constexpr int kExitLostWrites = 1;

struct SweepCommand {
  std::string spec;
  std::string database;
  std::string csv_file;
  std::string json_file;
  unsigned threads = 1;
};

// Null when no file is asked for.
absl::StatusOr<std::unique_ptr<OutputFile>> CreateIfNamed(const std::string& path) {
  if (path.empty()) return std::unique_ptr<OutputFile>();
  return OutputFile::Create(path);
}

std::string DatabaseOf(const SweepCommand& command) {
  if (!command.database.empty()) return command.database;
  return std::filesystem::path(command.spec).stem().string() + ".sweep.db";
}

absl::StatusOr<int> RunSweepCommand(const SweepCommand& command) {
  const absl::StatusOr<std::string> text = ReadWholeFile(command.spec);
  if (!text.ok()) return text.status();
  absl::StatusOr<std::unique_ptr<OutputFile>> csv = CreateIfNamed(command.csv_file);
  if (!csv.ok()) return csv.status();
  absl::StatusOr<std::unique_ptr<OutputFile>> json = CreateIfNamed(command.json_file);
  if (!json.ok()) return json.status();
  const absl::StatusOr<SweepPlan> plan = PlanSweep(*text, command.spec, ReadWholeFile);
  if (!plan.ok()) return plan.status();
  absl::StatusOr<std::unique_ptr<SweepDatabase>> database =
      SweepDatabase::Open(DatabaseOf(command));
  if (!database.ok()) return database.status();

  absl::StatusOr<SweepCounts> counts;
  {
    Progress progress("sweep", "runs");
    counts = RunSweep(*plan, command.threads, **database,
                      [&](std::size_t done, std::size_t all) { progress.Show(done, all); });
  }
  if (!counts.ok()) return counts.status();
  if (*csv) {
    absl::Status status = (*csv)->Commit(SweepCsv(*plan, **database));
    if (!status.ok()) return status;
  }
  if (*json) {
    absl::Status status = (*json)->Commit(SweepJson(*plan, **database));
    if (!status.ok()) return status;
  }
  std::cout << SweepTable(*plan, **database);
  std::cerr << counts->runs << " runs: " << counts->newly_done << " now, " << counts->found_done
            << " found done in " << DatabaseOf(command) << "\n";
  const std::size_t bad = CountBadRuns(*plan, **database);
  if (bad == 0) return 0;
  std::cerr << "uffdsim: in " << bad << " runs the guest lost writes or an invariant broke\n";
  return kExitLostWrites;
}

}  // namespace

void AddSweep(CLI::App& app, int* exit_code) {
  auto command = std::make_shared<SweepCommand>();
  command->threads = HardwareThreads();
  CLI::App* sub = app.add_subcommand("sweep", "Replay a cross product of configurations");
  sub->add_option("spec", command->spec,
                  "JSON: {\"axes\": {KEY: [VALUE, ...]}, \"options\": {...}}")
      ->required();
  sub->add_option("--db", command->database,
                  "SQLite file that keeps results; a killed sweep goes on there. Default: "
                  "SPEC.sweep.db in this folder");
  sub->add_option("--csv", command->csv_file, "write all figures there, one line per run");
  sub->add_option("--json", command->json_file, "write the whole result there");
  sub->add_option("--threads", command->threads, "runs at a time; default: all cores")
      ->check(CLI::Range(1, 1024));
  sub->callback([command, exit_code] { *exit_code = ExitCodeOf(RunSweepCommand(*command)); });
}

}  // namespace uffdsim
