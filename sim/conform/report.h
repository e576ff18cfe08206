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

}  // namespace uffdsim
