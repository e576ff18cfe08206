// `uffdsim mrc`, `calibrate`, `sensitivity`, `sweep` and `report`: the commands of the laboratory.
//
// Rules:   each is one file that understands its part of the command line and runs it. A command
//          leaves its exit code: 0 clean, 1 a guest lost writes, 2 bad input.
// Owned by: nothing. Errors: one line on standard error.
#pragma once

namespace CLI {
class App;
}

namespace uffdsim {

// All of them.
void AddLaboratory(CLI::App& app, int* exit_code);

void AddMrc(CLI::App& app, int* exit_code);
void AddSweep(CLI::App& app, int* exit_code);
void AddReport(CLI::App& app, int* exit_code);
void AddCalibrate(CLI::App& app, int* exit_code);
void AddSensitivity(CLI::App& app, int* exit_code);

}  // namespace uffdsim
