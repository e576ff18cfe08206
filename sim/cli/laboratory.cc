#include "sim/cli/laboratory.h"

#include <CLI/CLI.hpp>

namespace uffdsim {

void AddLaboratory(CLI::App& app, int* exit_code) {
  AddMrc(app, exit_code);
  AddSweep(app, exit_code);
  AddReport(app, exit_code);
  AddCalibrate(app, exit_code);
  AddSensitivity(app, exit_code);
}

}  // namespace uffdsim
