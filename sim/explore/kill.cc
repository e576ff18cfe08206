#include "sim/explore/kill.h"

#include <algorithm>
#include <utility>

#include "sim/explore/exhaustive.h"
#include "sim/explore/interleave/interleave.h"
#include "sim/explore/program.h"
#include "sim/explore/random.h"
#include "sim/explore/twins.h"

namespace uffdsim {
namespace {

constexpr AlphabetSize kSize = {.pages = 2, .processes = 2};

// Budgets of operations in one alphabet: each alphabet is tried with the first before any is tried
// with the second, so that a shallow defect is found wherever it is.
constexpr std::uint64_t kRounds[] = {2'000, 20'000, 200'000, 2'000'000};

absl::StatusOr<Setting> SettingFor(const AlphabetRow& row, const MachineChoice& machine) {
  auto alphabet = LoadAlphabet(std::string(row.name), kSize);
  if (!alphabet.ok()) return alphabet.status();
  return MakeSetting(*std::move(alphabet), machine, 1);
}

struct Companion {
  std::string_view defect;
  std::string_view other;
};
constexpr Companion kCompanions[] = {
#define COMPANION(defect, other) {defect, other},
#include "sim/explore/companions.def"
#undef COMPANION
};

// What else is wrong with a machine on which these defects show.
std::vector<std::string> CompanionsOf(const std::vector<std::string>& defects) {
  std::vector<std::string> others;
  for (const Companion& companion : kCompanions) {
    if (std::find(defects.begin(), defects.end(), companion.defect) == defects.end()) continue;
    others.emplace_back(companion.other);
  }
  return others;
}

// Calls attempt(row, budget, &result) for alphabet after alphabet until it has killed, or the
// whole budget is gone. It adds the operations that it performed to result->work.
template <class Attempt>
absl::StatusOr<KillAttempt> InRounds(std::uint64_t budget, Attempt&& attempt) {
  KillAttempt result;
  for (const std::uint64_t round : kRounds) {
    for (const AlphabetRow& row : Alphabets()) {
      if (result.work >= budget) return result;
      const std::uint64_t most = std::min(round, budget - result.work);
      if (const absl::Status tried = attempt(row, most, &result); !tried.ok()) return tried;
      if (!result.killed) continue;
      result.where = std::string(row.name);
      return result;
    }
  }
  return result;
}

std::uint32_t BitOf(std::string_view invariant) {
  for (unsigned i = 0; i < kInvariantCount; ++i) {
    if (InvariantName(static_cast<InvariantId>(i)) == invariant) return 1U << i;
  }
  return 0;  // a broken check of the simulator
}

// What machines with these companions break by themselves over the alphabet, as
// Setting::tolerated; what is tolerated lets others show, so it goes on until nothing is left.
absl::StatusOr<std::uint32_t> BrokenByCompanions(const AlphabetRow& row, MachineChoice machine,
                                                 std::uint64_t most, std::uint64_t* work) {
  machine.defects = CompanionsOf(machine.defects);
  std::uint32_t broken = 0;
  if (machine.defects.empty()) return broken;
  for (bool more = true; more;) {
    auto setting = SettingFor(row, machine);
    if (!setting.ok()) return setting.status();
    setting->tolerated = broken;
    ExhaustiveOptions options;
    options.transitions_max = most;
    options.every_invariant = true;
    const auto explored = Exhaust(*setting, options);
    if (!explored.ok()) return explored.status();
    *work += explored->transitions;
    const std::uint32_t before = broken;
    for (const Counterexample& found : explored->found) broken |= BitOf(found.violation.name);
    more = broken != before;
  }
  return broken;
}

absl::StatusOr<KillAttempt> KillExhaustively(const MachineChoice& machine, std::uint64_t budget) {
  MachineChoice together = machine;
  const std::vector<std::string> others = CompanionsOf(machine.defects);
  together.defects.insert(together.defects.end(), others.begin(), others.end());
  return InRounds(budget, [&](const AlphabetRow& row, std::uint64_t most, KillAttempt* result) {
    auto setting = SettingFor(row, together);
    if (!setting.ok()) return setting.status();
    const auto tolerated = BrokenByCompanions(row, machine, most, &result->work);
    if (!tolerated.ok()) return tolerated.status();
    setting->tolerated = *tolerated;
    ExhaustiveOptions options;
    options.transitions_max = most;
    const auto explored = Exhaust(*setting, options);
    if (!explored.ok()) return explored.status();
    result->work += explored->transitions;
    if (explored->found.empty()) return absl::OkStatus();
    result->killed = true;
    result->by = explored->found.front().violation.name;
    result->operations = explored->found.front().letters.size();
    return absl::OkStatus();
  });
}

// Both machines have what the defect needs to show. That breaks promises by itself, so that such
// machines are compared without the referee.
absl::StatusOr<KillAttempt> KillByTwins(const MachineChoice& machine, std::uint64_t budget) {
  MachineChoice one = machine;
  one.defects = CompanionsOf(machine.defects);
  MachineChoice other = machine;
  other.defects.insert(other.defects.end(), one.defects.begin(), one.defects.end());
  return InRounds(budget, [&](const AlphabetRow& row, std::uint64_t most, KillAttempt* result) {
    auto clean = SettingFor(row, one);
    auto defective = SettingFor(row, other);
    if (!clean.ok()) return clean.status();
    if (!defective.ok()) return defective.status();
    clean->judged = defective->judged = one.defects.empty();
    const auto compared = CompareTwins(*clean, *defective, most);
    if (!compared.ok()) return compared.status();
    result->work += compared->transitions;
    if (!compared->letters) return absl::OkStatus();
    result->killed = true;
    result->by = "differs";
    result->operations = compared->letters->size();
    return absl::OkStatus();
  });
}

std::size_t OperationsIn(const Scenario& scenario) {
  return static_cast<std::size_t>(
      std::count_if(scenario.lines.begin(), scenario.lines.end(),
                    [](const Line& line) { return line.kind == Line::Kind::kOperation; }));
}

absl::StatusOr<KillAttempt> KillRandomly(const MachineChoice& machine, std::uint64_t budget) {
  // A drawn statement costs a record and a check of everything: some ten times a letter.
  constexpr std::uint64_t kLettersPerStatement = 10;
  RandomOptions options;
  options.machine = machine;
  options.sequences = budget / kLettersPerStatement / options.length;
  const auto checked = CheckRandom(options);
  if (!checked.ok()) return checked.status();
  KillAttempt result;
  result.work = checked->statements;
  if (!checked->failure) return result;
  const auto broken = FirstBroken(checked->failure->scenario);
  if (!broken.ok()) return broken.status();
  result.killed = true;
  result.by = *broken ? (*broken)->violation.invariant : "";
  result.where = "seed 1";
  result.operations = OperationsIn(checked->failure->scenario);
  return result;
}

// Schedules with at most one preemption of the programs that nothing can break, as far as the
// budget goes.
absl::StatusOr<KillAttempt> KillByInterleaving(const MachineChoice& machine, std::uint64_t budget) {
  // A transition repeats its schedule from the start.
  constexpr std::uint64_t kLettersPerTransition = 400;
  constexpr std::uint64_t kMostSchedules = 200;
  KillAttempt result;
  for (const Program* program : AllPrograms()) {
    if (program->verdict != Program::Verdict::kSafe) continue;
    if (result.work * kLettersPerTransition >= budget) break;
    InterleaveOptions options;
    options.machine = machine;
    options.preemptions = 1;
    options.most_schedules = kMostSchedules;
    const auto checked = CheckInterleave(*program, options);
    if (!checked.ok()) return checked.status();
    result.work += checked->transitions;
    if (!checked->failure) continue;
    result.killed = true;
    result.by = checked->failure->broken.invariant;
    result.where = std::string(program->name);
    result.operations = OperationsIn(checked->failure->scenario);
    break;
  }
  return result;
}

struct Reason {
  std::string_view defect;
  std::string_view reason;
};
constexpr Reason kSurvivors[] = {
#define SURVIVOR(defect, reason) {defect, reason},
#include "sim/explore/survivors.def"
#undef SURVIVOR
};
constexpr Reason kSilent[] = {
#define SILENT(defect, reason) {defect, reason},
#include "sim/explore/silent.def"
#undef SILENT
};

std::string_view ReasonIn(std::span<const Reason> reasons, std::string_view defect) {
  for (const Reason& row : reasons) {
    if (row.defect == defect) return row.reason;
  }
  return "";
}

constexpr KillEngine kEngines[] = {
#define KILL_ENGINE(function, name, judge, sentence) \
  {name, sentence, KillEngine::Judge::judge, &function},
#include "sim/explore/kill_engines.def"
#undef KILL_ENGINE
};

}  // namespace

std::span<const KillEngine> KillEngines() { return kEngines; }

const KillEngine* FindKillEngine(std::string_view name) {
  const auto at = std::find_if(std::begin(kEngines), std::end(kEngines),
                               [&](const KillEngine& engine) { return engine.name == name; });
  return at == std::end(kEngines) ? nullptr : at;
}

std::string_view ReasonToSurvive(std::string_view defect) { return ReasonIn(kSurvivors, defect); }
std::string_view ReasonOfSilence(std::string_view defect) { return ReasonIn(kSilent, defect); }

}  // namespace uffdsim
