#include "sim/scenario/scenario_files.h"

#include <algorithm>

#include "sim/scenario/parse.h"

namespace uffdsim {

int ForEachScenario(const std::vector<std::string>& files, std::ostream& err,
                    absl::FunctionRef<int(const std::string& file, const Scenario& scenario)> run) {
  int worst = kClean;
  for (const std::string& file : files) {
    const auto scenario = LoadScenario(file);
    if (!scenario.ok()) {
      err << scenario.status().message() << "\n";
      worst = kBadInput;
      continue;
    }
    worst = std::max(worst, run(file, *scenario));
  }
  return worst;
}

}  // namespace uffdsim
