// `uffdsim scenario run`, `explain` and `format`, for the command line to call.
//
// Results go to `out`, mistakes in the input to `err`.
// Exit codes: 0 clean, 1 an expectation failed or an invariant was broken unexpectedly, 2 bad input
// (3, a simulator bug, ends the process).
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "sim/scenario/run.h"

namespace uffdsim {

enum class OutputForm { kTable, kJson };
enum class FormatAction { kPrint, kRewrite, kCheck };  // --write, --check

struct ScenarioRunSettings {
  std::vector<std::string> files;    // "-" is standard input
  std::string arch;                  // empty: each scenario's own; "all": a matrix over all of them
  std::string profile;               // empty: each scenario's own
  std::vector<std::string> defects;  // beside each scenario's own
  OutputForm form = OutputForm::kTable;
  Checking checking = Checking::kIfExpected;  // --check
};

int RunScenarioCommand(const ScenarioRunSettings& settings, std::ostream& out, std::ostream& err);

// `uffdsim scenario explain`: what each step did to the page tables.
enum class StepsShown { kWithEffect, kAll };
struct ExplainSettings {
  std::vector<std::string> files;
  std::string arch;     // empty: each scenario's own
  std::string profile;  // empty: each scenario's own
  StepsShown steps = StepsShown::kWithEffect;
  OutputForm form = OutputForm::kTable;
};
int ExplainScenarioCommand(const ExplainSettings& settings, std::ostream& out, std::ostream& err);

int FormatScenarioCommand(const std::vector<std::string>& files, FormatAction action,
                          std::ostream& out, std::ostream& err);

}  // namespace uffdsim
