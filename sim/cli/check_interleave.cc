// `uffdsim check interleave PROGRAM`: the schedules of a concurrent program, and the one that
// fails.
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "model/base/near_match.h"
#include "sim/cli/check_command.h"
#include "sim/cli/output_file.h"
#include "sim/explore/failure.h"
#include "sim/explore/interleave/interleave.h"
#include "sim/scenario/format.h"

namespace uffdsim {
namespace {

constexpr int kExitViolation = 1;
constexpr int kExitBadInput = 2;

struct InterleaveCommand {
  std::string program;  // "" lists them
  InterleaveOptions options;
  std::string out;   // where a failing schedule goes; "" a name of its own
  std::string json;  // "" none
};

void ListPrograms(std::ostream& out) {
  for (const Program* program : AllPrograms()) {
    out << "  " << program->name << "\n      " << program->sentence
        << (program->verdict == Program::Verdict::kSafe ? "" : " (some schedule breaks)") << "\n";
  }
}

absl::StatusOr<const Program*> ProgramNamed(const std::string& name) {
  if (const Program* program = FindProgram(name)) return program;
  std::vector<std::string_view> known;
  for (const Program* program : AllPrograms()) known.push_back(program->name);
  return absl::InvalidArgumentError(
      absl::StrCat("unknown program '", name, "'", DidYouMean(name, known)));
}

absl::Status ShowFailure(const InterleaveCommand& command, const InterleaveResult::Failure& failure,
                         std::ostream& out) {
  const std::string path = command.out.empty() ? command.program + ".scn" : command.out;
  const auto text = FailureText(failure.scenario, path);
  if (!text.ok()) return text.status();
  out << "schedule " << failure.schedule << " breaks " << failure.broken.invariant << ": "
      << failure.broken.detail << "\n\n"
      << *text;
  if (auto written = WriteIfAsked(path, FormatScenario(failure.scenario)); !written.ok()) {
    return written;
  }
  if (command.json.empty()) return absl::OkStatus();
  const auto json = FailureJson(failure.scenario, path);
  if (!json.ok()) return json.status();
  return WriteIfAsked(command.json, *json + "\n");
}

absl::StatusOr<int> Run(const InterleaveCommand& command, std::ostream& out) {
  if (command.program.empty()) {
    ListPrograms(out);
    return 0;
  }
  const auto program = ProgramNamed(command.program);
  if (!program.ok()) return program.status();
  const auto result = CheckInterleave(**program, command.options);
  if (!result.ok()) return result.status();
  out << "interleave: " << command.program << ", " << result->schedules << " schedules, "
      << result->transitions << " transitions";
  if (result->states != 0) out << ", " << result->states << " states";
  out << (result->complete ? ", complete" : "") << "\n";
  if (!result->failure) {
    out << "no violation\n";
    return 0;
  }
  if (const auto shown = ShowFailure(command, *result->failure, out); !shown.ok()) return shown;
  return kExitViolation;
}

}  // namespace

void AddCheck_interleave(CLI::App& check, int* exit_code) {
  auto command = std::make_shared<InterleaveCommand>();
  CLI::App* sub =
      check.add_subcommand("interleave", "Explore the schedules of a concurrent program's steps");
  InterleaveOptions& options = command->options;
  sub->add_option("program", command->program, "its name; without one, all are listed");
  const std::map<std::string, Reduction> reductions = {
      {"states", Reduction::kStates}, {"dpor", Reduction::kDpor}, {"none", Reduction::kNone}};
  sub->add_option("--reduction", options.reduction, "states (default), dpor or none")
      ->transform(CLI::CheckedTransformer(reductions));
  sub->add_option("--preemptions", options.preemptions, "at most so many; all schedules otherwise");
  sub->add_option("--failures", options.failures, "how often the environment may say yes")
      ->capture_default_str();
  sub->add_option("--pct", options.pct, "sample so many schedules instead")->capture_default_str();
  sub->add_option("--depth", options.pct_depth, "of PCT: ordering constraints of the bug")
      ->capture_default_str();
  sub->add_option("--seed", options.seed, "of the samples")->capture_default_str();
  sub->add_option("--most", options.most_schedules, "end after so many schedules")
      ->capture_default_str();
  sub->add_option("--profile", options.machine.profile, "which kernel")->capture_default_str();
  sub->add_option("--defect", options.machine.defects, "seeded defects, beside the profile's own");
  sub->add_flag("--tlb", options.machine.tlb,
                "translations are cached until they are flushed (`hardware tlb`)");
  sub->add_option("--arch", options.machine.arch, "which architecture")->capture_default_str();
  sub->add_option("--out", command->out, "file of the failing schedule");
  sub->add_option("--json", command->json, "file of the failure as JSON");
  sub->callback([command, exit_code] {
    const auto code = Run(*command, std::cout);
    if (!code.ok()) std::cerr << "uffdsim: " << code.status().message() << "\n";
    *exit_code = code.ok() ? *code : kExitBadInput;
  });
}

}  // namespace uffdsim
