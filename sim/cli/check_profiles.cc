// `uffdsim check profiles`: which invariants each kernel profile breaks, and in how few operations.
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/defect/catalogue.h"
#include "nlohmann/json.hpp"
#include "sim/cli/check_command.h"
#include "sim/cli/outcome.h"
#include "sim/cli/output_file.h"
#include "sim/cli/progress.h"
#include "sim/explore/exhaustive.h"
#include "sim/parallel/parallel.h"

namespace uffdsim {
namespace {

struct Arguments {
  std::vector<std::string> profiles;
  std::uint64_t budget = 300'000;
  unsigned threads = 1;
  std::string markdown_file;
  std::string json_file;
};

// The shortest way to break an invariant, over all alphabets.
struct Shortest {
  std::size_t operations = 0;
  std::string alphabet;
};
using Broken = std::map<std::string, Shortest>;  // by invariant

absl::StatusOr<Broken> BrokenBy(const std::string& profile, std::uint64_t budget) {
  Broken broken;
  for (const AlphabetRow& row : Alphabets()) {
    auto alphabet = LoadAlphabet(std::string(row.name), {.pages = 2, .processes = 2});
    if (!alphabet.ok()) return alphabet.status();
    const auto setting = MakeSetting(*std::move(alphabet),
                                     {.arch = "x86_64-tiny", .profile = profile, .defects = {}}, 1);
    if (!setting.ok()) return setting.status();
    ExhaustiveOptions options;
    options.transitions_max = budget;
    options.every_invariant = true;
    const auto result = Exhaust(*setting, options);
    if (!result.ok()) return result.status();
    for (const Counterexample& found : result->found) {
      const auto [at, fresh] = broken.try_emplace(found.violation.name);
      if (!fresh && at->second.operations <= found.letters.size()) continue;
      at->second = {found.letters.size(), std::string(row.name)};
    }
  }
  return broken;
}

// A row for each invariant that somebody breaks, a column for each profile.
std::string Markdown(const std::vector<std::string>& profiles,
                     const std::vector<absl::StatusOr<Broken>>& results, std::uint64_t budget) {
  std::set<std::string> invariants;
  for (const auto& broken : results) {
    for (const auto& entry : *broken) invariants.insert(entry.first);
  }
  std::string text = absl::StrCat(
      "# Which invariants each kernel profile breaks\n\nWritten by `uffdsim check profiles "
      "--budget ",
      budget, " --markdown model/defect/PROFILES.md`:\nevery state over each alphabet, the first ",
      budget,
      " operations of each. A cell says how many operations\nthe shortest scenario has after its "
      "set-up; a dash: not broken within these bounds. Read from rwp-v1 to rwp-v10 it is\nwhat the "
      "reviews of the series found, one posting after the other. What the later postings still did "
      "otherwise breaks no\npromise: it shows in answers and entries (`sim/explore/KILL.md`, "
      "column twins, defect by defect).\n\n| invariant |");
  for (const std::string& profile : profiles) absl::StrAppend(&text, " ", profile, " |");
  absl::StrAppend(&text, "\n|---|");
  for (std::size_t i = 0; i < profiles.size(); ++i) absl::StrAppend(&text, "---|");
  for (const std::string& invariant : invariants) {
    absl::StrAppend(&text, "\n| ", invariant, " |");
    for (const auto& broken : results) {
      const auto at = broken->find(invariant);
      absl::StrAppend(&text, " ", at == broken->end() ? "-" : absl::StrCat(at->second.operations),
                      " |");
    }
  }
  absl::StrAppend(&text, "\n\n| profile | what it is | its defects |\n|---|---|---|\n");
  for (const std::string& profile : profiles) {
    const ProfileRow& row = *FindProfile(profile);
    absl::StrAppend(&text, "| ", profile, " | ", std::string(row.sentence), " | ",
                    row.defects.empty() ? "none" : std::string(row.defects), " |\n");
  }
  return text;
}

absl::StatusOr<int> Run(const Arguments& arguments) {
  std::vector<std::string> profiles = arguments.profiles;
  if (profiles.empty()) {
    for (const ProfileRow& row : Profiles()) profiles.emplace_back(row.name);
  }
  std::vector<absl::StatusOr<Broken>> results(profiles.size(), Broken{});
  auto progress = std::make_unique<Progress>("check profiles", "profiles");
  std::size_t done = 0;
  RunParallel(
      profiles.size(), arguments.threads,
      [&](std::size_t i) { results[i] = BrokenBy(profiles[i], arguments.budget); },
      [&](std::size_t) {
        progress->Show(++done, profiles.size());
        return true;
      });
  progress.reset();
  nlohmann::ordered_json json;
  json["schema"] = 1;
  json["budget"] = arguments.budget;
  bool ideal_is_clean = true;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    if (!results[i].ok()) return results[i].status();
    std::cout << profiles[i] << (results[i]->empty() ? ": nothing" : ":") << "\n";
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const auto& [invariant, shortest] : *results[i]) {
      std::cout << absl::StrFormat("  %-24s %2d operations, %s\n", invariant, shortest.operations,
                                   shortest.alphabet);
      rows.push_back({{"invariant", invariant},
                      {"operations", shortest.operations},
                      {"alphabet", shortest.alphabet}});
    }
    json["profiles"][profiles[i]] = rows;
    if (profiles[i] == "ideal" && !results[i]->empty()) ideal_is_clean = false;
  }
  const std::string markdown = Markdown(profiles, results, arguments.budget);
  if (const absl::Status s = WriteIfAsked(arguments.markdown_file, markdown); !s.ok()) return s;
  const std::string text = absl::StrCat(json.dump(2), "\n");
  if (const absl::Status s = WriteIfAsked(arguments.json_file, text); !s.ok()) return s;
  return ideal_is_clean ? 0 : 1;
}

}  // namespace

void AddCheck_profiles(CLI::App& check, int* exit_code) {
  auto a = std::make_shared<Arguments>();
  CLI::App* sub = check.add_subcommand(
      "profiles", "Which invariants each kernel profile breaks; 1 if `ideal` breaks any");
  sub->add_option("--profile", a->profiles, "default: all");
  sub->add_option("--budget", a->budget, "operations for each profile and alphabet")
      ->capture_default_str();
  sub->add_option("--threads", a->threads, "the result is the same for any number")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  sub->add_option("--markdown", a->markdown_file, "write the table there");
  sub->add_option("--json", a->json_file, "write the whole result there");
  sub->callback([a, exit_code] { *exit_code = ExitCodeOf(Run(*a)); });
}

}  // namespace uffdsim
