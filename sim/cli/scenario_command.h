// `uffdsim scenario run|explain|format`.
#pragma once

namespace CLI {
class App;
}

namespace uffdsim {

// Adds the command; its callbacks store the exit code.
void AddScenario(CLI::App& app, int* exit_code);

}  // namespace uffdsim
