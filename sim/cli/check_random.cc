// `uffdsim check random`: drawn sequences until one breaks an invariant, then a short file of it.
#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>

#include "absl/strings/str_cat.h"
#include "sim/cli/check_command.h"
#include "sim/cli/output_file.h"
#include "sim/explore/failure.h"
#include "sim/explore/random.h"
#include "sim/scenario/format.h"

namespace uffdsim {
namespace {

constexpr int kExitViolation = 1;
constexpr int kExitBadInput = 2;

struct RandomCommand {
  RandomOptions options;
  std::string out;                    // where the shrunk scenario goes; "" a name of its own
  std::string json;                   // "" none
  std::optional<std::uint64_t> show;  // this sequence is printed, and nothing run
};

std::string OutFile(const RandomCommand& command, const RandomFailure& failure) {
  if (!command.out.empty()) return command.out;
  return absl::StrCat("random-", command.options.seed, "-", failure.sequence, ".scn");
}

absl::StatusOr<int> Report(const RandomCommand& command, const RandomResult& result,
                           std::ostream& out) {
  out << "random: " << result.sequences << " sequences, " << result.statements
      << " statements, profile " << command.options.machine.profile << "\n";
  if (!result.failure) {
    out << "no violation\n";
    return 0;
  }
  const RandomFailure& failure = *result.failure;
  const std::string path = OutFile(command, failure);
  out << "sequence " << failure.sequence << " breaks an invariant; shrunk from " << failure.drawn
      << " statements by " << failure.runs << " runs\n\n";
  const auto text = FailureText(failure.scenario, path);
  if (!text.ok()) return text.status();
  out << *text;
  if (const auto written = WriteIfAsked(path, FormatScenario(failure.scenario)); !written.ok()) {
    return written;
  }
  if (!command.json.empty()) {
    const auto json = FailureJson(failure.scenario, path);
    if (!json.ok()) return json.status();
    if (const auto written = WriteIfAsked(command.json, *json + "\n"); !written.ok())
      return written;
  }
  return kExitViolation;
}

absl::StatusOr<int> Run(const RandomCommand& command, std::ostream& out) {
  if (command.show) {
    const auto sequence = DrawnSequence(command.options, *command.show);
    if (!sequence.ok()) return sequence.status();
    out << FormatScenario(*sequence);
    return 0;
  }
  const auto result = CheckRandom(command.options);
  if (!result.ok()) return result.status();
  return Report(command, *result, out);
}

}  // namespace

void AddCheck_random(CLI::App& check, int* exit_code) {
  auto command = std::make_shared<RandomCommand>();
  CLI::App* sub = check.add_subcommand(
      "random", "Draw long sequences of operations; make the first that breaks an invariant short");
  RandomOptions& options = command->options;
  sub->add_option("--seed", options.seed, "of the whole campaign")->capture_default_str();
  sub->add_option("--sequences", options.sequences, "how many")->capture_default_str();
  sub->add_option("--length", options.length, "statements of each, after its set-up")
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
  sub->callback([command, exit_code] {
    const auto code = Run(*command, std::cout);
    if (!code.ok()) std::cerr << "uffdsim: " << code.status().message() << "\n";
    *exit_code = code.ok() ? *code : kExitBadInput;
  });
}

}  // namespace uffdsim
