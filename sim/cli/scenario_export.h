// `uffdsim scenario export-c FILE`: a scenario as a stand-alone C program.
#pragma once

namespace CLI {
class App;
}

namespace uffdsim {

void AddScenarioExport(CLI::App& scenario, int* exit_code);

}  // namespace uffdsim
