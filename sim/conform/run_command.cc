// `uffdsim conform run`.
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/conform/commands.h"
#include "sim/conform/judge.h"
#include "sim/conform/report.h"
#include "sim/scenario/parse.h"
#include "sim/text/exit_status.h"

namespace uffdsim {
int RunConformCommand(const ConformRunCommand& command, std::ostream& out, std::ostream& err) {
  const auto files = ScenarioFiles(command.files);
  if (!files.ok()) {
    err << "uffdsim: " << files.status().message() << "\n";
    return kExitBadInput;
  }
  auto backend = OpenTarget(command.target);
  if (!backend.ok()) {
    err << "uffdsim: " << backend.status().message() << "\n";
    return kExitBadInput;
  }
  JudgeOptions options;
  options.repetitions = command.repetitions;
  ConformTotals totals;
  int worst = kExitClean;
  for (const std::string& file : *files) {
    const auto scenario = LoadScenario(file);
    if (!scenario.ok()) {
      err << scenario.status().message() << "\n";
      worst = WorseStatus(worst, kExitBadInput);
      continue;
    }
    const auto verdict = Judge(*scenario, backend->get(), options);
    if (!verdict.ok()) {
      err << "uffdsim: " << verdict.status().message() << "\n";
      return kExitBadInput;
    }
    totals.Add(*verdict);
    if (command.json) {
      out << VerdictJson(*verdict) << "\n";
    } else {
      out << VerdictText(*verdict);
    }
    out.flush();
    worst = WorseStatus(worst, ExitStatus(*verdict));
  }
  if (!command.json) out << TotalsText(totals, (*backend)->Description());
  return worst;
}

}  // namespace uffdsim
