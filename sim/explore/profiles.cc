#include "sim/explore/profiles.h"

#include <utility>

#include "sim/explore/exhaustive.h"
#include "sim/explore/twins.h"

namespace uffdsim {
namespace {

absl::StatusOr<Setting> SettingOf(const AlphabetRow& row, const std::string& profile) {
  auto alphabet = LoadAlphabet(std::string(row.name), {.pages = 2, .processes = 2});
  if (!alphabet.ok()) return alphabet.status();
  return MakeSetting(*std::move(alphabet),
                     {.arch = "x86_64-tiny", .profile = profile, .defects = {}}, 1);
}

void Keep(const AlphabetRow& row, std::size_t operations, ProfileFaults::Shortest* shortest) {
  if (!shortest->alphabet.empty() && shortest->operations <= operations) return;
  *shortest = {operations, std::string(row.name)};
}

}  // namespace

absl::StatusOr<ProfileFaults> FaultsOf(const std::string& profile, std::uint64_t budget) {
  ProfileFaults faults;
  for (const AlphabetRow& row : Alphabets()) {
    const auto ideal = SettingOf(row, "ideal");
    const auto setting = SettingOf(row, profile);
    if (!ideal.ok()) return ideal.status();
    if (!setting.ok()) return setting.status();
    ExhaustiveOptions options;
    options.transitions_max = budget;
    options.every_invariant = true;
    const auto result = Exhaust(*setting, options);
    if (!result.ok()) return result.status();
    for (const Counterexample& found : result->found) {
      Keep(row, found.letters.size(), &faults.broken[found.violation.name]);
    }
    const auto compared = CompareTwins(*ideal, *setting, budget);
    if (!compared.ok()) return compared.status();
    if (!compared->letters) continue;
    ++faults.alphabets_different;
    Keep(row, compared->letters->size(), &faults.difference);
  }
  return faults;
}

}  // namespace uffdsim
