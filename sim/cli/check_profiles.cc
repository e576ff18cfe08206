// `uffdsim check profiles`: which invariants each kernel profile breaks, and in how few operations.
#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/defect/catalogue.h"
#include "nlohmann/json.hpp"
#include "sim/cli/check_command.h"
#include "sim/cli/number_range.h"
#include "sim/cli/outcome.h"
#include "sim/cli/output_file.h"
#include "sim/cli/profiles_page.h"
#include "sim/cli/progress.h"
#include "sim/explore/alphabet.h"
#include "sim/explore/profiles.h"
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

void Print(const std::string& profile, const ProfileFaults& faults) {
  const bool nothing = faults.broken.empty() && faults.alphabets_different == 0;
  std::cout << profile << (nothing ? ": nothing" : ":") << "\n";
  for (const auto& [invariant, shortest] : faults.broken) {
    std::cout << absl::StrFormat("  %-24s %2d operations, %s\n", invariant, shortest.operations,
                                 shortest.alphabet);
  }
  if (faults.alphabets_different == 0) return;
  std::cout << absl::StrFormat("  %-24s %2d operations, %s; in %d of %d alphabets\n",
                               absl::StrCat("differs from ", ComparedWith(profile)),
                               faults.difference.operations, faults.difference.alphabet,
                               faults.alphabets_different, Alphabets().size());
}

nlohmann::ordered_json Json(const ProfileFaults& faults) {
  nlohmann::ordered_json broken = nlohmann::ordered_json::array();
  for (const auto& [invariant, shortest] : faults.broken) {
    broken.push_back({{"invariant", invariant},
                      {"operations", shortest.operations},
                      {"alphabet", shortest.alphabet}});
  }
  nlohmann::ordered_json json{{"broken", broken},
                              {"alphabets_different", faults.alphabets_different}};
  if (faults.alphabets_different != 0) {
    json["difference"] = {{"operations", faults.difference.operations},
                          {"alphabet", faults.difference.alphabet}};
  }
  return json;
}

void InParallel(const char* what, std::size_t count, const Arguments& arguments,
                const std::function<void(std::size_t)>& work) {
  Progress progress("check profiles", what);
  std::size_t done = 0;
  RunParallel(count, arguments.threads, work, [&](std::size_t) {
    progress.Show(++done, count);
    return true;
  });
}

// For the page: what the defects of the postings break one by one.
absl::StatusOr<BrokenAlone> BrokenByReviewed(const std::vector<std::string>& profiles,
                                             const Arguments& arguments) {
  const std::vector<std::string> defects = DefectsOfReview(profiles);
  std::vector<absl::StatusOr<ProfileFaults::Broken>> results(defects.size(),
                                                             ProfileFaults::Broken{});
  InParallel("defects", defects.size(), arguments,
             [&](std::size_t i) { results[i] = BrokenBy(defects[i], arguments.budget); });
  BrokenAlone alone;
  for (std::size_t i = 0; i < defects.size(); ++i) {
    if (!results[i].ok()) return results[i].status();
    alone[defects[i]] = *results[i];
  }
  return alone;
}

absl::StatusOr<int> Run(const Arguments& arguments) {
  std::vector<std::string> profiles = arguments.profiles;
  if (profiles.empty()) {
    for (const ProfileRow& row : Profiles()) profiles.emplace_back(row.name);
  }
  const auto markdown_file = CreateIfAsked(arguments.markdown_file);
  if (!markdown_file.ok()) return markdown_file.status();
  const auto json_file = CreateIfAsked(arguments.json_file);
  if (!json_file.ok()) return json_file.status();
  std::vector<absl::StatusOr<ProfileFaults>> results(profiles.size(), ProfileFaults{});
  InParallel("profiles", profiles.size(), arguments,
             [&](std::size_t i) { results[i] = FaultsOf(profiles[i], arguments.budget); });
  nlohmann::ordered_json json;
  json["schema"] = 2;
  json["budget"] = arguments.budget;
  bool ideal_is_clean = true;
  ProfileResults page;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    if (!results[i].ok()) return results[i].status();
    const ProfileFaults& faults = *results[i];
    Print(profiles[i], faults);
    json["profiles"][profiles[i]] = Json(faults);
    if (profiles[i] == "ideal" && !faults.broken.empty()) ideal_is_clean = false;
    page.emplace_back(profiles[i], faults);
  }
  std::string markdown;
  if (!arguments.markdown_file.empty()) {
    const auto alone = BrokenByReviewed(profiles, arguments);
    if (!alone.ok()) return alone.status();
    markdown = ProfilesPage(page, *alone, arguments.budget);
  }
  absl::Status written = CommitIfAsked(markdown_file->get(), markdown);
  written.Update(CommitIfAsked(json_file->get(), absl::StrCat(json.dump(2), "\n")));
  return ExitCodeAfterWriting(ideal_is_clean ? 0 : 1, written);
}

}  // namespace

void AddCheck_profiles(CLI::App& check, int* exit_code) {
  auto a = std::make_shared<Arguments>();
  CLI::App* sub = check.add_subcommand(
      "profiles", "Which invariants each kernel profile breaks; 1 if `ideal` breaks any");
  sub->add_option("--profile", a->profiles, "default: all");
  sub->add_option("--budget", a->budget, "operations for each profile and alphabet")
      ->check(AtLeastOne())
      ->capture_default_str();
  sub->add_option("--threads", a->threads, "the result is the same for any number")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  sub->add_option("--markdown", a->markdown_file, "write the table there");
  sub->add_option("--json", a->json_file, "write the whole result there");
  sub->callback([a, exit_code] { *exit_code = ExitCodeOf(Run(*a)); });
}

}  // namespace uffdsim
