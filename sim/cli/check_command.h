// `uffdsim check SUBCOMMAND`: the explorers and what they find.
//
// Adding a subcommand: one file check_<name>.cc that defines AddCheck_<name>(), and one row in
// check.def. Exit codes: 0 clean, 1 a violation was found, 2 bad input.
#pragma once

namespace CLI {
class App;
}

namespace uffdsim {

// Adds `check` with all its subcommands to the program; a subcommand that ran leaves its exit code.
void AddCheck(CLI::App& app, int* exit_code);

#define CHECK_SUBCOMMAND(name) void AddCheck_##name(CLI::App& check, int* exit_code);
#include "sim/cli/check.def"
#undef CHECK_SUBCOMMAND

}  // namespace uffdsim
