#include "sim/cli/profiles_page.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/defect/catalogue.h"
#include "sim/explore/alphabet.h"

namespace uffdsim {
namespace {

std::string Matrix(const ProfileResults& results) {
  std::set<std::string> invariants;
  std::string text = "\n| invariant |";
  for (const auto& [profile, faults] : results) {
    absl::StrAppend(&text, " ", profile, " |");
    for (const auto& broken : faults.broken) invariants.insert(broken.first);
  }
  absl::StrAppend(&text, "\n|---|");
  for (std::size_t i = 0; i < results.size(); ++i) absl::StrAppend(&text, "---|");
  for (const std::string& invariant : invariants) {
    absl::StrAppend(&text, "\n| ", invariant, " |");
    for (const auto& [profile, faults] : results) {
      const auto at = faults.broken.find(invariant);
      absl::StrAppend(&text, " ",
                      at == faults.broken.end() ? "-" : absl::StrCat(at->second.operations), " |");
    }
  }
  absl::StrAppend(&text, "\n| *differs from `ideal`* |");
  for (const auto& [profile, faults] : results) {
    absl::StrAppend(
        &text, " ",
        faults.alphabets_different == 0
            ? "-"
            : absl::StrCat(faults.difference.operations, " (in ", faults.alphabets_different, ")"),
        " |");
  }
  return text + "\n";
}

std::string Meanings(const ProfileResults& results) {
  std::string text = "\n| profile | what it is | its defects |\n|---|---|---|\n";
  for (const auto& result : results) {
    const ProfileRow& row = *FindProfile(result.first);
    absl::StrAppend(&text, "| ", result.first, " | ", std::string(row.sentence), " | ",
                    row.defects.empty() ? "none" : std::string(row.defects), " |\n");
  }
  return text;
}

std::string Sentences(const std::vector<std::string_view>& defects,
                      const std::vector<std::string_view>& but_for) {
  std::string text;
  for (const std::string_view id : defects) {
    if (std::find(but_for.begin(), but_for.end(), id) != but_for.end()) continue;
    absl::StrAppend(&text, text.empty() ? "" : "<br>", "`", std::string(id),
                    "`: ", std::string(FindDefect(id)->sentence));
  }
  return text.empty() ? "nothing" : text;
}

// What each posting of the series repaired of the one before it, and what it did wrong anew.
std::string Postings(const ProfileResults& results) {
  std::string text = "\n| posting | repaired | new, and wrong |\n|---|---|---|\n";
  std::vector<std::string_view> before;
  bool first = true;
  for (const auto& result : results) {
    if (!absl::StartsWith(result.first, "rwp-v")) continue;
    const auto defects = DefectsOf(*FindProfile(result.first));
    absl::StrAppend(&text, "| ", result.first, " | ", first ? "" : Sentences(before, defects),
                    " | ", Sentences(defects, before), " |\n");
    before = defects;
    first = false;
  }
  return first ? "" : absl::StrCat("\n## From posting to posting\n", text);
}

}  // namespace

std::string ProfilesPage(const ProfileResults& results, std::uint64_t budget) {
  return absl::StrCat(
      "# Which invariants each kernel profile breaks\n\nWritten by `uffdsim check profiles "
      "--budget ",
      budget, " --markdown model/defect/PROFILES.md`:\nevery state over each of ",
      Alphabets().size(), " alphabets, the first ", budget,
      " operations of each. A cell says how many operations\nthe shortest scenario has after its "
      "set-up; a dash: not broken within these bounds. The last row compares the profile with\n"
      "`ideal`: after how many operations they first answer otherwise or differ in their entries, "
      "and in how many alphabets. A profile\nthat has only this row breaks no promise: it is "
      "slower, or traps and reports otherwise.\n",
      Matrix(results), Postings(results), "\n## The profiles\n", Meanings(results));
}

}  // namespace uffdsim
