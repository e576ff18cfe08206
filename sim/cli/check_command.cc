#include "sim/cli/check_command.h"

#include <CLI/CLI.hpp>

namespace uffdsim {

void AddCheck(CLI::App& app, [[maybe_unused]] int* exit_code) {
  CLI::App* check = app.add_subcommand("check", "Explore a machine and let the referee watch");
  check->require_subcommand(1);
#define CHECK_SUBCOMMAND(name) AddCheck_##name(*check, exit_code);
#include "sim/cli/check.def"
#undef CHECK_SUBCOMMAND
}

}  // namespace uffdsim
