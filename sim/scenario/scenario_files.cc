#include "sim/scenario/scenario_files.h"

#include <algorithm>

#include "sim/scenario/parse.h"
#include "sim/text/exit_status.h"

namespace uffdsim {

int ForEachScenario(const std::vector<std::string>& files, std::ostream& err,
                    absl::FunctionRef<int(const std::string& file, const Scenario& scenario)> run) {
  int worst = kExitClean;
  for (const std::string& file : files) {
    const auto scenario = LoadScenario(file);
    if (!scenario.ok()) {
      err << scenario.status().message() << "\n";
      worst = kExitBadInput;
      continue;
    }
    worst = std::max(worst, run(file, *scenario));
  }
  return worst;
}

}  // namespace uffdsim
