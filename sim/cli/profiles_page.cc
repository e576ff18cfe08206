#include "sim/cli/profiles_page.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/defect/catalogue.h"
#include "sim/explore/alphabet.h"

namespace uffdsim {
namespace {

constexpr char kRelease[] = "linux-7.3.4";

bool Has(const std::vector<std::string_view>& defects, std::string_view id) {
  return std::find(defects.begin(), defects.end(), id) != defects.end();
}

// "F9" of "F9-rwp-fork-disarm-skips-cow-wrprotect".
std::string_view ShortName(std::string_view id) { return id.substr(0, id.find('-')); }

// The profile's defects that break the invariant each for itself, and that reviewers found.
std::string Culprits(const std::string& profile, const std::string& invariant,
                     const BrokenAlone& alone) {
  std::vector<std::string> names;
  for (const std::string_view id : DefectsOf(*FindProfile(profile))) {
    const auto broken = alone.find(id);
    if (broken == alone.end() || broken->second.count(invariant) == 0) continue;
    names.emplace_back(ShortName(id));
  }
  return names.empty() ? "" : absl::StrCat(" (", absl::StrJoin(names, " "), ")");
}

std::string Cell(const std::string& profile, const ProfileFaults& faults,
                 const std::string& invariant, const BrokenAlone& alone) {
  const auto at = faults.broken.find(invariant);
  if (at == faults.broken.end()) return "-";
  return absl::StrCat(at->second.operations, Culprits(profile, invariant, alone));
}

std::string Head(const ProfileResults& results) {
  std::string text = "\n| invariant |";
  for (const auto& result : results) absl::StrAppend(&text, " ", result.first, " |");
  absl::StrAppend(&text, "\n|---|");
  for (std::size_t i = 0; i < results.size(); ++i) absl::StrAppend(&text, "---|");
  return text;
}

std::string Difference(const ProfileFaults& faults) {
  if (faults.alphabets_different == 0) return "-";
  return absl::StrCat(faults.difference.operations, " (in ", faults.alphabets_different, ")");
}

// The rows that tell postings apart, and then those that every posting and the release share.
std::string Matrices(const ProfileResults& results, const BrokenAlone& alone) {
  std::set<std::string> invariants;
  for (const auto& result : results) {
    for (const auto& broken : result.second.broken) invariants.insert(broken.first);
  }
  std::string differing = Head(results);
  std::string same;
  for (const std::string& invariant : invariants) {
    std::string line = absl::StrCat("\n| ", invariant, " |");
    std::set<std::string> cells_in_time;
    for (const auto& [profile, faults] : results) {
      const std::string cell = Cell(profile, faults, invariant, alone);
      absl::StrAppend(&line, " ", cell, " |");
      if (IsPosting(profile) || profile == kRelease) cells_in_time.insert(cell);
    }
    absl::StrAppend(cells_in_time.size() == 1 ? &same : &differing, line);
  }
  absl::StrAppend(&differing, "\n| *differs* |");
  for (const auto& result : results) {
    absl::StrAppend(&differing, " ", Difference(result.second), " |");
  }
  if (same.empty()) return differing + "\n";
  return absl::StrCat(differing,
                      "\n\nWhat every posting broke in the same way as that release does, or not "
                      "at all:\n",
                      Head(results), same, "\n");
}

// The release's own losses are in most profiles: named once.
std::string Meanings(const ProfileResults& results) {
  const auto release = DefectsOf(*FindProfile(kRelease));
  std::string text = "\n| profile | what it is | its defects |\n|---|---|---|\n";
  for (const auto& result : results) {
    const ProfileRow& row = *FindProfile(result.first);
    const auto defects = DefectsOf(row);
    const bool all_of_release =
        row.name != kRelease && std::all_of(release.begin(), release.end(),
                                            [&](std::string_view id) { return Has(defects, id); });
    std::vector<std::string> named;
    for (const std::string_view id : defects) {
      if (!all_of_release || !Has(release, id)) named.emplace_back(id);
    }
    if (all_of_release) named.push_back(absl::StrCat("and all of ", kRelease));
    absl::StrAppend(&text, "| ", result.first, " | ", std::string(row.sentence), " | ",
                    named.empty() ? "none" : absl::StrJoin(named, " "), " |\n");
  }
  return text;
}

std::string Sentences(const std::vector<std::string_view>& defects,
                      const std::vector<std::string_view>& but_for) {
  std::string text;
  for (const std::string_view id : defects) {
    if (Has(but_for, id)) continue;
    absl::StrAppend(&text, text.empty() ? "" : "<br>", "`", std::string(id),
                    "`: ", std::string(FindDefect(id)->sentence));
  }
  return text.empty() ? "nothing" : text;
}

// What each posting of the series repaired of the one before it, and what it did wrong anew.
std::string Postings(const ProfileResults& results) {
  std::string text = "\n| posting | repaired | new, and wrong |\n|---|---|---|\n";
  std::vector<std::string_view> before = DefectsOf(*FindProfile(kRelease));
  bool first = true;
  for (const auto& result : results) {
    if (!IsPosting(result.first)) continue;
    const auto defects = DefectsOf(*FindProfile(result.first));
    absl::StrAppend(&text, "| ", result.first, " | ", first ? "" : Sentences(before, defects),
                    " | ", Sentences(defects, before), " |\n");
    before = defects;
    first = false;
  }
  if (first) return "";
  return absl::StrCat("\n## From posting to posting\n\nWhat the first one has in common with ",
                      kRelease, " is left out.\n", text);
}

}  // namespace

bool IsPosting(std::string_view profile) { return profile.starts_with("rwp-v"); }

std::vector<std::string> DefectsOfReview(const std::vector<std::string>& profiles) {
  const auto release = DefectsOf(*FindProfile(kRelease));
  std::set<std::string_view> wanted;
  for (const std::string& profile : profiles) {
    const ProfileRow* row = IsPosting(profile) ? FindProfile(profile) : nullptr;
    if (row == nullptr) continue;
    for (const std::string_view id : DefectsOf(*row)) wanted.insert(id);
  }
  std::vector<std::string> ids;
  for (const std::string_view id : wanted) {
    if (!Has(release, id)) ids.emplace_back(id);
  }
  return ids;
}

std::string ProfilesPage(const ProfileResults& results, const BrokenAlone& alone,
                         std::uint64_t budget) {
  return absl::StrCat(
      "# Which invariants each kernel profile breaks\n\nWritten by `uffdsim check profiles "
      "--budget ",
      budget, " --markdown model/defect/PROFILES.md`:\nevery state over each of ",
      Alphabets().size(), " alphabets, the first ", budget,
      " operations of each. A cell says how many operations\nthe shortest scenario has after its "
      "set-up; a dash: not broken within these bounds. In parentheses are those defects of the\n"
      "profile that break the invariant each for itself and that the release does not have: what "
      "reviewers found. Without one, it is what\n",
      kRelease,
      " does too. Losses of a mark that this release is known for (`kFinding` in "
      "`model/spec/losses.def`) break a promise of\n`ideal` only. The row *differs* compares with "
      "`ideal`, and a posting with `linux-7.3.0`, as which it was merged: after how many\n"
      "operations they first answer otherwise or differ in their entries, and in how many "
      "alphabets.\n",
      Matrices(results, alone), Postings(results), "\n## The profiles\n", Meanings(results));
}

}  // namespace uffdsim
