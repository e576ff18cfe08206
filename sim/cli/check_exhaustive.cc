// `uffdsim check exhaustive`: every state of a small machine, breadth first.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "sim/cli/check_command.h"
#include "sim/cli/check_failure.h"
#include "sim/cli/number_range.h"
#include "sim/cli/outcome.h"
#include "sim/cli/output_file.h"
#include "sim/cli/progress.h"
#include "sim/explore/counterexample.h"
#include "sim/explore/exhaustive.h"
#include "sim/explore/judge.h"
#include "sim/scenario/format.h"

namespace uffdsim {
namespace {

struct Arguments {
  std::string alphabet = "rwp-anon";
  AlphabetSize size;
  MachineChoice machine{.arch = "x86_64-tiny", .profile = "ideal", .defects = {}};
  std::uint32_t sleepers = 1;
  ExhaustiveOptions options;
  std::string scenario_file;  // "" a name of its own
  std::string json_file;
};

const char* EndSentence(ExhaustiveResult::End end) {
  switch (end) {
    case ExhaustiveResult::End::kClosed: return "closed: no other state can be reached";
    case ExhaustiveResult::End::kDepth: return "the depth asked for";
    case ExhaustiveResult::End::kStates: return "the number of states allowed";
    case ExhaustiveResult::End::kTransitions: return "the number of transitions allowed";
    case ExhaustiveResult::End::kMemory: return "the memory allowed";
    case ExhaustiveResult::End::kViolation: return "a violation";
  }
  return "?";
}

nlohmann::ordered_json ToJson(const Arguments& arguments, const Setting& setting,
                              const ExhaustiveResult& result) {
  nlohmann::ordered_json json;
  json["schema"] = 1;
  json["alphabet"] = arguments.alphabet;
  json["pages"] = arguments.size.pages;
  json["processes"] = arguments.size.processes;
  json["letters"] = setting.letters.size();
  json["sleepers"] = setting.sleepers;
  json["arch"] = setting.machine.arch->name();
  json["profile"] = arguments.machine.profile;
  json["defects"] = arguments.machine.defects;
  json["closed"] = result.end == ExhaustiveResult::End::kClosed;
  json["end"] = EndSentence(result.end);
  json["states"] = result.states;
  json["transitions"] = result.transitions;
  json["levels"] = result.levels;
  json["bookkeeping_bytes"] = result.bookkeeping;
  json["violations"] = nlohmann::ordered_json::array();
  for (const Counterexample& c : result.found) {
    nlohmann::ordered_json row;
    row["invariant"] = c.violation.name;
    row["sentence"] = c.violation.sentence;
    row["at"] = PlaceOf(setting, c.violation);
    row["step"] = c.violation.step;
    row["detail"] = c.violation.detail;
    row["operations"] = c.letters.size();
    const Scenario scenario = ToScenario(setting, c.letters, c.violation);
    row["scenario"] = FormatScenario(scenario);
    // The replay watches every step, which exploring cannot afford.
    if (const auto broken = FirstBroken(scenario); broken.ok() && broken->has_value()) {
      const RecordViolation& seen = (*broken)->violation;
      row["step"] = seen.step;
      row["kernel"] = seen.kernel;
      row["before"] = seen.before;
      row["after"] = seen.after;
    }
    json["violations"].push_back(row);
  }
  return json;
}

void PrintTable(const Setting& setting, const ExhaustiveResult& result) {
  std::cout << "check exhaustive: alphabet " << setting.alphabet.name << ", "
            << setting.letters.size() << " letters, " << setting.alphabet.size.pages << " pages, "
            << setting.alphabet.size.processes << " processes, profile " << setting.choice.profile;
  if (!setting.choice.defects.empty())
    std::cout << ", defect " << absl::StrJoin(setting.choice.defects, " ");
  std::cout << ", " << setting.machine.arch->name() << "\n";
  std::cout << absl::StrFormat("  states       %12d\n  transitions  %12d\n", result.states,
                               result.transitions);
  std::cout << "  depth        " << absl::StrFormat("%12d", result.levels.size() - 1)
            << "  new states: " << absl::StrJoin(result.levels, " ") << "\n";
  std::cout << "  ended at     " << EndSentence(result.end) << "\n";
  std::cout << absl::StrFormat("  bookkeeping  %12d  bytes\n", result.bookkeeping);
  if (const auto never = NeverPossible(setting, result); !never.empty()) {
    std::cout << "  not possible so far: " << absl::StrJoin(never, "; ") << "\n";
  }
  if (result.found.empty()) std::cout << "  no violation\n";
}

// What is said of letters that were never possible: an alphabet that closed without them promises
// more than it tried.
absl::Status RefuseVacuous(const Setting& setting, const ExhaustiveResult& result) {
  const std::vector<std::string> never = NeverPossible(setting, result);
  if (never.empty() || result.end != ExhaustiveResult::End::kClosed) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(setting.alphabet.name, ": expected letters that somebody can issue in some ",
                   "state; never possible: `", absl::StrJoin(never, "`, `"), "`"));
}

absl::StatusOr<int> Run(const Arguments& arguments) {
  auto alphabet = LoadAlphabet(arguments.alphabet, arguments.size);
  if (!alphabet.ok()) return alphabet.status();
  const auto setting = MakeSetting(*std::move(alphabet), arguments.machine, arguments.sleepers);
  if (!setting.ok()) return setting.status();
  auto files = FailureFiles::Create(arguments.scenario_file, "");
  if (!files.ok()) return files.status();
  const auto json = CreateIfAsked(arguments.json_file);
  if (!json.ok()) return json.status();
  ExhaustiveOptions options = arguments.options;
  auto progress = std::make_unique<Progress>("check exhaustive", "states");
  options.progress = [&](std::uint64_t states, std::uint64_t left, std::uint64_t) {
    progress->Show(states - left, states);
  };
  const auto result = Exhaust(*setting, options);
  progress.reset();
  if (!result.ok()) return result.status();
  if (absl::Status vacuous = RefuseVacuous(*setting, *result); !vacuous.ok()) return vacuous;
  PrintTable(*setting, *result);
  int exit_code = 0;
  if (!result->found.empty()) {
    const Counterexample& found = result->found.front();
    exit_code = files->Report(ToScenario(*setting, found.letters, found.violation),
                              "counterexample.scn", std::cout);
  }
  const absl::Status written =
      CommitIfAsked(json->get(), absl::StrCat(ToJson(arguments, *setting, *result).dump(2), "\n"));
  return ExitCodeAfterWriting(exit_code, written);
}

}  // namespace

void AddCheck_exhaustive(CLI::App& check, int* exit_code) {
  auto a = std::make_shared<Arguments>();
  CLI::App* sub = check.add_subcommand(
      "exhaustive", "Every state of a small machine, breadth first, to a fixpoint or a bound");
  sub->add_option("--alphabet", a->alphabet, "name (`uffdsim list alphabets`) or file")
      ->capture_default_str();
  sub->add_option("--pages", a->size.pages, "pages of an area")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  sub->add_option("--processes", a->size.processes, "processes")
      ->check(CLI::Range(1, 8))
      ->capture_default_str();
  sub->add_option("--sleepers", a->sleepers, "threads that may sleep at the same time")
      ->check(NotNegative())
      ->capture_default_str();
  sub->add_option("--depth", a->options.depth, "operations in a row; 0: until closure")
      ->check(NotNegative())
      ->capture_default_str();
  sub->add_option("--arch", a->machine.arch, "configuration of an architecture")
      ->capture_default_str();
  sub->add_option("--profile", a->machine.profile, "kernel profile")->capture_default_str();
  sub->add_option("--defect", a->machine.defects, "seeded defects beside those of the profile");
  sub->add_flag("--tlb", a->machine.tlb,
                "translations are cached until they are flushed (`hardware tlb`)");
  sub->add_option("--states-max", a->options.states_max, "end at so many states; 0: no limit")
      ->check(NotNegative())
      ->capture_default_str();
  sub->add_option("--memory", a->options.memory, "end at so many bytes of bookkeeping; 0: no limit")
      ->transform(CLI::AsSizeValue(false));
  sub->add_option("--threads", a->options.threads, "the result is the same for any number")
      ->check(CLI::Range(1, 32))
      ->capture_default_str();
  sub->add_option("--resume", a->options.resume, "directory that keeps the progress");
  sub->add_option("--scenario", a->scenario_file, "where a counterexample goes")
      ->default_str("counterexample.scn");
  sub->add_option("--json", a->json_file, "write the whole result there");
  sub->callback([a, exit_code] { *exit_code = ExitCodeOf(Run(*a)); });
}

}  // namespace uffdsim
