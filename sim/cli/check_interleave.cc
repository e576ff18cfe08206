// `uffdsim check interleave PROGRAM`: the schedules of a concurrent program, and the one that
// fails.
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "model/base/near_match.h"
#include "sim/cli/check_command.h"
#include "sim/cli/check_failure.h"
#include "sim/cli/number_range.h"
#include "sim/cli/outcome.h"
#include "sim/cli/progress.h"
#include "sim/explore/interleave/interleave.h"

namespace uffdsim {
namespace {

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

// Which schedule fails, and how the one that is shown was found.
std::string FailureLine(const InterleaveResult::Failure& failure) {
  std::string text = absl::StrCat("schedule ", failure.schedule, " breaks ",
                                  failure.broken.invariant, ": ", failure.broken.detail, "\n");
  if (failure.preemptions) {
    absl::StrAppend(&text, "so does the one below, with as few preemptions as possible: ",
                    *failure.preemptions, "\n");
  }
  return text;
}

absl::StatusOr<int> Run(const InterleaveCommand& command, std::ostream& out) {
  if (command.program.empty()) {
    ListPrograms(out);
    return 0;
  }
  const auto program = ProgramNamed(command.program);
  if (!program.ok()) return program.status();
  auto files = FailureFiles::Create(command.out, command.json);
  if (!files.ok()) return files.status();
  InterleaveOptions options = command.options;
  auto progress = std::make_unique<Progress>("check interleave", "schedules known so far");
  options.progress = [&](std::uint64_t done, std::uint64_t known) { progress->Show(done, known); };
  const auto result = CheckInterleave(**program, options);
  progress.reset();
  if (!result.ok()) return result.status();
  out << "interleave: " << command.program << ", " << result->schedules << " schedules, "
      << result->transitions << " transitions";
  if (result->states != 0) out << ", " << result->states << " states";
  out << (result->complete ? ", complete" : "") << (result->cut_off ? ", cut off by --most" : "")
      << "\n";
  if (!result->failure) {
    out << "no violation\n";
    return 0;
  }
  out << FailureLine(*result->failure) << "\n";
  return files->Report(result->failure->scenario, command.program + ".scn", out);
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
  sub->add_option("--preemptions", options.preemptions, "at most so many; all schedules otherwise")
      ->check(NotNegative());
  sub->add_option("--failures", options.failures, "how often the environment may say yes")
      ->check(NotNegative())
      ->capture_default_str();
  sub->add_option("--pct", options.pct, "sample so many schedules instead")
      ->check(AtLeastOne())
      ->capture_default_str();
  sub->add_option("--depth", options.pct_depth, "of PCT: ordering constraints of the bug")
      ->check(AtLeastOne())
      ->capture_default_str();
  sub->add_option("--seed", options.seed, "of the samples")->capture_default_str();
  sub->add_option("--most", options.most_schedules, "end after so many schedules")
      ->check(AtLeastOne())
      ->capture_default_str();
  sub->add_option("--profile", options.machine.profile, "which kernel")->capture_default_str();
  sub->add_option("--defect", options.machine.defects, "seeded defects, beside the profile's own");
  sub->add_flag("--tlb", options.machine.tlb,
                "translations are cached until they are flushed (`hardware tlb`)");
  sub->add_option("--arch", options.machine.arch, "which architecture")->capture_default_str();
  sub->add_option("--out", command->out, "file of the failing schedule");
  sub->add_option("--json", command->json, "file of the failure as JSON");
  sub->callback([command, exit_code] { *exit_code = ExitCodeOf(Run(*command, std::cout)); });
}

}  // namespace uffdsim
