#include "sim/scenario/commands.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/scenario/format.h"
#include "sim/scenario/run.h"
#include "sim/scenario/scenario_files.h"
#include "sim/scenario/table.h"
#include "sim/text/exit_status.h"

namespace uffdsim {
namespace {

// The architectures that a run covers: one, or all that the scenario allows.
std::vector<std::string> ArchsOf(const Scenario& scenario, const std::string& wanted) {
  if (wanted != "all") return {wanted};
  std::vector<std::string> names = HeaderNames(scenario, Header::Kind::kArch);
  if (!names.empty()) return names;
  for (const Arch* arch : AllArchs()) names.emplace_back(arch->name());
  return names;
}

// One row per architecture: how many expectations hold there, and what each record's status is.
void PrintMatrixRow(const RunResult& result, std::ostream& out) {
  const auto failed = static_cast<int>(result.failures.size());
  std::string statuses;
  for (const Record& record : result.records) {
    const std::string_view word = StatusWord(record.outcome.status);
    statuses += word == "ok" ? '.' : word == "error" ? 'E' : word == "blocked" ? 'b' : 'S';
  }
  out << absl::StrFormat("  %-20s %3d of %-3d expectations  %s\n", result.arch,
                         result.expectations - failed, result.expectations, statuses);
}

int RunOne(const Scenario& scenario, const ScenarioRunSettings& settings, std::ostream& out,
           std::ostream& err) {
  int worst = kExitClean;
  const bool matrix = settings.arch == "all";
  if (matrix && settings.form == OutputForm::kTable) out << scenario.name << "\n";
  for (const std::string& arch : ArchsOf(scenario, settings.arch)) {
    RunOptions options;
    options.arch = arch;
    options.profile = settings.profile;
    options.more_defects = settings.defects;
    options.checking = settings.checking;
    if (settings.form == OutputForm::kJson) {
      options.on_line = [&out](const std::string& line) { out << line << "\n"; };
    }
    const auto result = RunScenario(scenario, options);
    if (!result.ok()) {
      err << result.status().message() << "\n";
      return kExitBadInput;
    }
    if (settings.form == OutputForm::kTable) {
      if (matrix) {
        PrintMatrixRow(*result, out);
      } else {
        out << RunTable(scenario, *result);
      }
    }
    err << FailureText(scenario, *result);
    if (!result->failures.empty() || result->violations != 0) worst = kExitFound;
  }
  return worst;
}

int FormatOne(const std::string& file, const Scenario& scenario, FormatAction action,
              std::ostream& out, std::ostream& err) {
  const std::string text = FormatScenario(scenario);
  if (action == FormatAction::kPrint || file == "-") {
    out << text;
    return kExitClean;
  }
  std::ifstream in(file, std::ios::binary);
  const std::string old((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (old == text) return kExitClean;
  if (action == FormatAction::kCheck) {
    err << file << ": not in normal form\n";
    return kExitFound;
  }
  std::ofstream rewritten(file, std::ios::binary);
  rewritten << text;
  if (rewritten.flush()) return kExitClean;
  err << file << ": cannot be written\n";
  return kExitBadInput;
}

}  // namespace

int RunScenarioCommand(const ScenarioRunSettings& settings, std::ostream& out, std::ostream& err) {
  return ForEachScenario(settings.files, err, [&](const std::string&, const Scenario& scenario) {
    return RunOne(scenario, settings, out, err);
  });
}

int FormatScenarioCommand(const std::vector<std::string>& files, FormatAction action,
                          std::ostream& out, std::ostream& err) {
  return ForEachScenario(files, err, [&](const std::string& file, const Scenario& scenario) {
    return FormatOne(file, scenario, action, out, err);
  });
}

}  // namespace uffdsim
