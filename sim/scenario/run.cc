#include "sim/scenario/run.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/arch/variant.h"
#include "model/base/near_match.h"
#include "model/defect/catalogue.h"
#include "model/path/step.h"
#include "sim/scenario/checker.h"
#include "sim/scenario/executor.h"
#include "sim/scenario/expect.h"
#include "sim/scenario/format.h"

namespace uffdsim {
namespace {

constexpr std::string_view kDefaultArch = "x86_64";
constexpr std::string_view kDefaultProfile = "linux-7.3.4";
// The recorded kernel of this architecture was built without CONFIG_NUMA and CONFIG_SMP.
constexpr std::string_view kRecordedPlain = "riscv64";

absl::StatusOr<const Arch*> ChooseArch(const Scenario& scenario, const RunOptions& options) {
  std::string name = options.arch;
  if (const auto names = HeaderNames(scenario, Header::Kind::kArch);
      name.empty() && !names.empty()) {
    name = names.front();
  }
  if (name.empty()) name = std::string(kDefaultArch);
  if (const Arch* arch = FindArch(name)) return arch;
  std::vector<std::string_view> known;
  for (const Arch* arch : AllArchs()) known.push_back(arch->name());
  return absl::InvalidArgumentError(
      absl::StrCat(scenario.name, ": unknown architecture '", name, "'", DidYouMean(name, known)));
}

std::string ChooseProfile(const Scenario& scenario, const RunOptions& options) {
  if (!options.profile.empty()) return options.profile;
  const auto names = HeaderNames(scenario, Header::Kind::kProfile);
  return names.empty() ? std::string(kDefaultProfile) : names.front();
}

// A mapping must stay in its slot: the next slot is another region's.
absl::Status CheckFits(const Scenario& scenario, std::uint64_t page_size) {
  Names names(page_size);
  names.Learn(scenario);
  if (names.regions() > kMostSlots) {
    return absl::InvalidArgumentError(
        absl::StrCat(scenario.name, ": more than ", kMostSlots, " regions"));
  }
  for (const Line& line : scenario.lines) {
    if (line.kind != Line::Kind::kOperation) continue;
    const Statement& s = line.statement;
    if (s.code != OpCode::k_map && s.code != OpCode::k_mremap) continue;
    const Quantity& length = s.code == OpCode::k_map ? s.length : s.length2;
    const Quantity& at = s.code == OpCode::k_map ? s.at : s.offset2;
    const std::uint64_t pages = kSlotBytes / page_size;
    if (length.pages > pages || at.pages > pages || names.Bytes(length) > kSlotBytes ||
        names.Bytes(at) > kSlotBytes || names.Bytes(length) + names.Bytes(at) > kSlotBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(scenario.name, ":", line.number, ":1: a region is a slot of 1 GiB (", pages,
                       " pages of this architecture); this mapping does not fit"));
    }
  }
  return absl::OkStatus();
}

// `step T until PATH.STEP` must name a step that some path has.
absl::Status CheckSteps(const Scenario& scenario) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < kPathCount; ++i) {
    const Path& path = GetPath(static_cast<PathId>(i));
    for (const Step& step : path.steps) known.push_back(absl::StrCat(path.name, ".", step.name));
  }
  for (const Line& line : scenario.lines) {
    if (line.kind != Line::Kind::kOperation || !line.statement.Has(Role::kUntil)) continue;
    const std::string& wanted = line.statement.path;
    if (std::find(known.begin(), known.end(), wanted) != known.end()) continue;
    const std::vector<std::string_view> names(known.begin(), known.end());
    return absl::InvalidArgumentError(absl::StrCat(scenario.name, ":", line.number,
                                                   ":1: no path has a step '", wanted, "'",
                                                   DidYouMean(wanted, names)));
  }
  return absl::OkStatus();
}

bool SpeaksOfViolations(const Line& line) {
  return line.kind == Line::Kind::kExpect && line.expectation.kind == Expectation::Kind::kViolation;
}

// Violations of invariants that the scenario does not name.
int UnexpectedViolations(const Scenario& scenario, const RunResult& result) {
  int count = 0;
  for (const Record& record : result.records) {
    for (const RecordViolation& violation : record.violations) {
      const bool expected =
          std::any_of(scenario.lines.begin(), scenario.lines.end(), [&](const Line& line) {
            return SpeaksOfViolations(line) &&
                   line.expectation.words.front() == violation.invariant;
          });
      count += expected ? 0 : 1;
    }
  }
  return count;
}

// The steps of the profile with the scenario's defects and those of the options.
absl::StatusOr<std::shared_ptr<const StepTable>> ChooseSteps(const Scenario& scenario,
                                                             const RunOptions& options,
                                                             const std::string& profile) {
  std::vector<std::string> defects;
  if (options.defects != DefectHeader::kIgnored) {
    defects = HeaderNames(scenario, Header::Kind::kDefect);
  }
  defects.insert(defects.end(), options.more_defects.begin(), options.more_defects.end());
  auto steps = StepsOf(profile, defects);
  if (steps.ok()) return steps;
  return absl::InvalidArgumentError(
      absl::StrCat(scenario.name, ": ", std::string(steps.status().message())));
}

}  // namespace

std::vector<std::string> HeaderNames(const Scenario& scenario, Header::Kind kind) {
  std::vector<std::string> names;
  for (const Line& line : scenario.lines) {
    if (line.kind != Line::Kind::kHeader || line.header.kind != kind) continue;
    names.insert(names.end(), line.header.names.begin(), line.header.names.end());
  }
  return names;
}

absl::StatusOr<RunResult> RunScenario(const Scenario& scenario, const RunOptions& options) {
  const auto arch = ChooseArch(scenario, options);
  if (!arch.ok()) return arch.status();
  RunResult result;
  result.arch = std::string((*arch)->name());
  result.profile = ChooseProfile(scenario, options);
  const auto steps = ChooseSteps(scenario, options, result.profile);
  if (!steps.ok()) return steps.status();
  const std::uint64_t page_size = std::uint64_t{1} << (*arch)->geometry().page_shift;
  if (const absl::Status fits = CheckFits(scenario, page_size); !fits.ok()) return fits;
  if (const absl::Status named = CheckSteps(scenario); !named.ok()) return named;

  MachineConfig config;
  std::optional<Arch> without_thp;
  if (!options.thp) without_thp = WithoutThp(**arch);
  config.arch = without_thp ? &*without_thp : *arch;
  config.steps = *steps;
  if ((*arch)->kernel_name() == kRecordedPlain) {
    config.numa_nodes = 0;
    config.vma_locks = false;
  }
  if (options.numa_nodes) config.numa_nodes = *options.numa_nodes;
  if (options.vma_locks) config.vma_locks = *options.vma_locks;
  config.caches_translations = !HeaderNames(scenario, Header::Kind::kHardware).empty();
  config.proc_mem_forces = options.proc_mem_forces;
  Executor executor(config, scenario);
  std::optional<Checker> checker;
  if (options.checking == Checking::kAlways ||
      std::any_of(scenario.lines.begin(), scenario.lines.end(), SpeaksOfViolations)) {
    checker.emplace(&executor, Referee::Strictness::kIdeal);
  }
  const auto emit = [&](const std::string& line) {
    if (options.on_line) options.on_line(line);
  };
  if (options.on_start) options.on_start(executor);
  result.first_line = FirstLine(result.profile, (*arch)->kernel_name(), page_size);
  emit(result.first_line);
  const Statement* operation = nullptr;
  for (const Line& line : scenario.lines) {
    if (line.kind == Line::Kind::kOperation) {
      operation = &line.statement;
      result.records.push_back(executor.Execute(line.statement, line.number));
      if (checker) checker->After(line.statement, &result.records.back());
      emit(result.records.back().json);
      if (options.on_record) options.on_record(line.statement, result.records.back());
    } else if (line.kind == Line::Kind::kExpect) {
      ++result.expectations;
      std::string actual = Judge(line.expectation, result.records.back(), &executor);
      if (actual.empty()) continue;
      result.failures.push_back({line.number, FormatExpectation(line.expectation),
                                 std::move(actual), *operation,
                                 checker ? checker->LastChange(*operation) : std::nullopt});
    }
  }
  result.violations = UnexpectedViolations(scenario, result);
  result.last_line = LastLine(result.records.size());
  emit(result.last_line);
  return result;
}

}  // namespace uffdsim
