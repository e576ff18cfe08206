#include "sim/explore/profiles.h"

#include <utility>

#include "sim/explore/exhaustive.h"
#include "sim/explore/twins.h"

namespace uffdsim {
namespace {

absl::StatusOr<Setting> SettingOf(const AlphabetRow& row, const std::string& profile,
                                  std::vector<std::string> defects = {}) {
  auto alphabet = LoadAlphabet(std::string(row.name), {.pages = 2, .processes = 2});
  if (!alphabet.ok()) return alphabet.status();
  return MakeSetting(*std::move(alphabet),
                     {.arch = "x86_64-tiny", .profile = profile, .defects = std::move(defects)}, 1);
}

void Keep(const AlphabetRow& row, std::size_t operations, ProfileFaults::Shortest* shortest) {
  if (!shortest->alphabet.empty() && shortest->operations <= operations) return;
  *shortest = {operations, std::string(row.name)};
}

// Adds to `broken` what the machine breaks over one alphabet.
absl::Status AddBroken(const AlphabetRow& row, const Setting& setting, std::uint64_t budget,
                       ProfileFaults::Broken* broken) {
  ExhaustiveOptions options;
  options.transitions_max = budget;
  options.every_invariant = true;
  const auto result = Exhaust(setting, options);
  if (!result.ok()) return result.status();
  for (const Counterexample& found : result->found) {
    Keep(row, found.letters.size(), &(*broken)[found.violation.name]);
  }
  return absl::OkStatus();
}

}  // namespace

std::string ComparedWith(std::string_view profile) {
  return profile.starts_with("rwp-v") ? "linux-7.3.0" : "ideal";
}

absl::StatusOr<ProfileFaults::Broken> BrokenBy(const std::string& defect, std::uint64_t budget) {
  ProfileFaults::Broken broken;
  for (const AlphabetRow& row : Alphabets()) {
    auto setting = SettingOf(row, "ideal", {defect});
    if (!setting.ok()) return setting.status();
    setting->strictness = Referee::Strictness::kRelease;
    if (const absl::Status s = AddBroken(row, *setting, budget, &broken); !s.ok()) return s;
  }
  return broken;
}

absl::StatusOr<ProfileFaults> FaultsOf(const std::string& profile, std::uint64_t budget) {
  ProfileFaults faults;
  for (const AlphabetRow& row : Alphabets()) {
    const auto other = SettingOf(row, ComparedWith(profile));
    const auto setting = SettingOf(row, profile);
    if (!other.ok()) return other.status();
    if (!setting.ok()) return setting.status();
    if (const absl::Status s = AddBroken(row, *setting, budget, &faults.broken); !s.ok()) return s;
    const auto compared = CompareTwins(*other, *setting, budget);
    if (!compared.ok()) return compared.status();
    if (!compared->letters) continue;
    ++faults.alphabets_different;
    Keep(row, compared->letters->size(), &faults.difference);
  }
  return faults;
}

}  // namespace uffdsim
