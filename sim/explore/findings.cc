#include "sim/explore/findings.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sim/scenario/parse.h"
#include "sim/scenario/run.h"

namespace uffdsim {
namespace {

struct ScenarioText {
  std::string_view name;
  std::string_view text;
};

// Made from tests/scenario/findings/*.scn when the build is configured.
constexpr ScenarioText kTexts[] = {
#include "finding_scenarios.inc"
};

constexpr std::string_view TextOf(std::string_view name) {
  for (const ScenarioText& text : kTexts) {
    if (text.name == name) return text.text;
  }
  return "";
}

constexpr FindingRow kFindings[] = {
#define FINDING(name, invariant, defect, kernel, explanation) \
  {name, invariant, defect, kernel, explanation, TextOf(name)},
#include "sim/explore/findings.def"
#undef FINDING
};

absl::StatusOr<RunResult> Run(const FindingRow& row, std::string profile) {
  const auto scenario = ParseScenario(row.name, row.scenario);
  if (!scenario.ok()) return scenario.status();
  RunOptions options;
  options.profile = std::move(profile);
  options.defects = DefectHeader::kIgnored;
  options.checking = Checking::kAlways;
  return RunScenario(*scenario, options);
}

}  // namespace

std::span<const FindingRow> Findings() { return kFindings; }

absl::StatusOr<FindingResult> ConfirmFinding(const FindingRow& row) {
  const auto release = Run(row, "linux-7.3.4");
  if (!release.ok()) return release.status();
  const auto ideal = Run(row, "ideal");
  if (!ideal.ok()) return ideal.status();
  FindingResult result{
      .row = &row, .reproduced = false, .repaired = false, .at = "", .in_ideal = {}};
  for (const Record& record : release->records) {
    for (const RecordViolation& v : record.violations) {
      if (row.invariant != v.invariant || result.reproduced) continue;
      result.reproduced = release->failures.empty();
      result.at = absl::StrCat(v.at, " in ", v.step, ": ", v.before, " -> ", v.after);
    }
  }
  for (const Record& record : ideal->records) {
    for (const RecordViolation& v : record.violations) {
      auto& broken = result.in_ideal;
      if (std::find(broken.begin(), broken.end(), v.invariant) == broken.end()) {
        broken.push_back(v.invariant);
      }
    }
  }
  result.repaired = result.in_ideal.empty();
  return result;
}

}  // namespace uffdsim
