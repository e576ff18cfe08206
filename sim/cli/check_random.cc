// `uffdsim check random`: drawn sequences until one breaks an invariant, then a short file of it.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "sim/cli/check_command.h"
#include "sim/cli/check_failure.h"
#include "sim/cli/number_range.h"
#include "sim/cli/outcome.h"
#include "sim/cli/progress.h"
#include "sim/explore/random.h"
#include "sim/scenario/format.h"

namespace uffdsim {
namespace {

// What is known of each is kept until the end.
constexpr std::uint64_t kMostSequences = 10'000'000;

struct RandomCommand {
  RandomOptions options;
  std::string out;                    // where the shrunk scenario goes; "" a name of its own
  std::string json;                   // "" none
  std::optional<std::uint64_t> show;  // this sequence is printed, and nothing run
};

int Report(const RandomCommand& command, const RandomResult& result, FailureFiles* files,
           std::ostream& out) {
  out << "random: " << result.sequences << " sequences, " << result.statements
      << " statements, profile " << command.options.machine.profile << "\n";
  if (!result.failure) {
    out << "no violation\n";
    return 0;
  }
  const RandomFailure& failure = *result.failure;
  out << "sequence " << failure.sequence << " breaks an invariant; shrunk from " << failure.drawn
      << " statements by " << failure.runs << " runs\n\n";
  return files->Report(failure.scenario,
                       absl::StrCat("random-", command.options.seed, "-", failure.sequence, ".scn"),
                       out);
}

absl::StatusOr<int> Run(const RandomCommand& command, std::ostream& out) {
  if (command.show) {
    const auto sequence = DrawnSequence(command.options, *command.show);
    if (!sequence.ok()) return sequence.status();
    out << FormatScenario(*sequence);
    return 0;
  }
  auto files = FailureFiles::Create(command.out, command.json);
  if (!files.ok()) return files.status();
  RandomOptions options = command.options;
  auto progress = std::make_unique<Progress>("check random", "sequences");
  options.progress = [&](std::uint64_t done) { progress->Show(done, options.sequences); };
  const auto result = CheckRandom(options);
  progress.reset();
  if (!result.ok()) return result.status();
  return Report(command, *result, &*files, out);
}

}  // namespace

void AddCheck_random(CLI::App& check, int* exit_code) {
  auto command = std::make_shared<RandomCommand>();
  CLI::App* sub = check.add_subcommand(
      "random", "Draw long sequences of operations; make the first that breaks an invariant short");
  RandomOptions& options = command->options;
  sub->add_option("--seed", options.seed, "of the whole campaign")->capture_default_str();
  sub->add_option("--sequences", options.sequences, "how many")
      ->check(WholeNumber(1, kMostSequences))
      ->capture_default_str();
  sub->add_option("--length", options.length, "statements of each, after its set-up")
      ->check(AtLeastOne())
      ->capture_default_str();
  sub->add_option("--profile", options.machine.profile, "which kernel")->capture_default_str();
  sub->add_option("--defect", options.machine.defects, "seeded defects, beside the profile's own");
  sub->add_flag("--tlb", options.machine.tlb,
                "translations are cached until they are flushed (`hardware tlb`)");
  sub->add_option("--arch", options.machine.arch, "which architecture")->capture_default_str();
  sub->add_option("--threads", options.threads, "of this program; the result does not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  sub->add_option("--show", command->show, "print one sequence, by its number, and run nothing");
  sub->add_option("--out", command->out, "file of the shrunk scenario");
  sub->add_option("--json", command->json, "file of the failure as JSON");
  sub->callback([command, exit_code] { *exit_code = ExitCodeOf(Run(*command, std::cout)); });
}

}  // namespace uffdsim
