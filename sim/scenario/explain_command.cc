// `uffdsim scenario explain FILE ..`
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/scenario/commands.h"
#include "sim/scenario/explain.h"
#include "sim/scenario/explain_text.h"
#include "sim/scenario/format.h"
#include "sim/scenario/scenario_files.h"
#include "sim/scenario/table.h"
#include "sim/text/exit_status.h"

namespace uffdsim {
namespace {

// The status of an operation as one word or two.
std::string StatusText(const Record& record) {
  std::string text(StatusWord(record.outcome.status));
  if (record.outcome.status == Outcome::Status::kError) {
    absl::StrAppend(&text, " ", std::string(ErrnoName(record.outcome.error)));
  }
  return text;
}

std::string StepsJson(const Arch& arch, const std::vector<StepEffect>& effects) {
  std::string text;
  for (const StepEffect& effect : effects) {
    absl::StrAppend(&text, text.empty() ? "" : ",", EffectJson(arch, effect));
  }
  return text;
}

int ExplainOne(const Scenario& scenario, const ExplainSettings& settings, std::ostream& out,
               std::ostream& err) {
  std::unique_ptr<ExplainWatch> watch;
  const Arch* arch = nullptr;
  const bool json = settings.form == OutputForm::kJson;
  RunOptions options;
  options.arch = settings.arch;
  options.profile = settings.profile;
  options.on_start = [&](Executor& executor) {
    arch = executor.machine().world().arch;
    watch = std::make_unique<ExplainWatch>(&executor);
    if (!json) out << scenario.name << "  " << arch->name() << "\n";
  };
  options.on_record = [&](const Statement& statement, const Record& record) {
    std::vector<StepEffect> effects = watch->Take();
    if (settings.steps == StepsShown::kWithEffect) {
      std::erase_if(effects, [](const StepEffect& effect) { return !effect.DidSomething(); });
    }
    if (json) {
      // The record with one more field.
      out << record.json.substr(0, record.json.size() - 1) << ",\"steps\":["
          << StepsJson(*arch, effects) << "]}\n";
      return;
    }
    out << absl::StrFormat("%d  %-48s %s\n", record.index, FormatStatement(statement),
                           StatusText(record));
    for (const StepEffect& effect : effects) out << EffectText(*arch, effect, record);
  };
  const auto result = RunScenario(scenario, options);
  if (!result.ok()) {
    err << result.status().message() << "\n";
    return kExitBadInput;
  }
  err << FailureText(scenario, *result);
  return result->failures.empty() ? kExitClean : kExitFound;
}

}  // namespace

int ExplainScenarioCommand(const ExplainSettings& settings, std::ostream& out, std::ostream& err) {
  return ForEachScenario(settings.files, err, [&](const std::string&, const Scenario& scenario) {
    return ExplainOne(scenario, settings, out, err);
  });
}

}  // namespace uffdsim
