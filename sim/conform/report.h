// Verdicts as text for people and as JSON.
#pragma once

#include <map>
#include <string>

#include "sim/conform/judge.h"

namespace uffdsim {

struct ConformTotals {
  int scenarios = 0;
  int agree = 0;
  int diverge = 0;
  int failed = 0;
  int cut_short = 0;                   // agree up to a record that the kernel itself varies
  int compared = 0;                    // operations
  std::map<std::string, int> skipped;  // reason, scenarios
  std::string kernel;

  void Add(const Verdict& verdict);
};

// One line; for a divergence the two records side by side as well.
std::string VerdictText(const Verdict& verdict);
std::string VerdictJson(const Verdict& verdict);
std::string TotalsText(const ConformTotals& totals, const std::string& backend);

// What the program ends with: 0 they agree, 1 they differ, 2 the kernel hung or crashed, so that
// nothing can be said, 3 the model's own check failed.
int ExitStatus(const Verdict& verdict);
// The one that matters more: 3, then 1, then 2.
int WorseStatus(int a, int b);

}  // namespace uffdsim
