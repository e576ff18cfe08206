// `uffdsim mrc TRACE`: miss-ratio curves.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "sim/cli/laboratory.h"
#include "sim/cli/machine_figures.h"
#include "sim/cli/outcome.h"
#include "sim/cli/output_file.h"
#include "sim/cli/progress.h"
#include "sim/mrc/mrc.h"
#include "sim/parallel/parallel.h"

namespace uffdsim {
namespace {

struct MrcCommand {
  std::string trace;
  std::string json_file;
  MrcOptions options;
};

absl::StatusOr<int> RunMrcCommand(const MrcCommand& command) {
  const absl::StatusOr<MrcConfig> config = ResolveMrc(command.options);
  if (!config.ok()) return config.status();
  std::unique_ptr<OutputFile> json;
  if (!command.json_file.empty()) {
    absl::StatusOr<std::unique_ptr<OutputFile>> created = OutputFile::Create(command.json_file);
    if (!created.ok()) return created.status();
    json = *std::move(created);
  }
  const Stopwatch stopwatch;
  const absl::StatusOr<ReferenceString> references = ReadReferences(command.trace);
  if (!references.ok()) return references.status();
  absl::StatusOr<MrcResult> result;
  {
    Progress progress("mrc", "runs");
    result = RunMrc(*config, *references,
                    [&](std::size_t done, std::size_t all) { progress.Show(done, all); });
  }
  if (!result.ok()) return result.status();
  if (json) {
    const MrcMachine machine{stopwatch.WallNs(), stopwatch.CpuNs(), PeakRssBytes()};
    const absl::Status status = json->Commit(MrcJson(*result, *config, *references, machine));
    if (!status.ok()) return status;
  }
  std::cout << MrcTable(*result, *references);
  return 0;
}

}  // namespace

void AddMrc(CLI::App& app, int* exit_code) {
  auto command = std::make_shared<MrcCommand>();
  command->options.threads = HardwareThreads();
  CLI::App* sub = app.add_subcommand("mrc", "Miss-ratio curves: LRU exactly in one pass, and more");
  sub->add_option("trace", command->trace, "trace of any known format, or -")->required();
  sub->add_option("--policy", command->options.policies,
                  "also these policies, one simulation per size: NAME[:K=V,...],NAME,...");
  sub->add_option(
      "--sizes", command->options.sizes,
      "pages, shares of the footprint or bytes: 1024,12.5%,64MiB; default: 1 % to 100 %");
  sub->add_option("--shards", command->options.shards,
                  "also an estimate from a sample: a rate (0.01), or pages to keep (8192)");
  sub->add_option("--seed", command->options.seed, "seed of policies that draw at random")
      ->capture_default_str();
  sub->add_option("--threads", command->options.threads,
                  "simulations at a time; default: all cores")
      ->check(CLI::Range(1, 1024));
  sub->add_option("--json", command->json_file, "write the whole result there");
  sub->callback([command, exit_code] { *exit_code = ExitCodeOf(RunMrcCommand(*command)); });
}

}  // namespace uffdsim
