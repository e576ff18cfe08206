// `uffdsim conform SUBCOMMAND`: the model held against a running kernel.
//
// Exit codes: 0 agrees (or skipped, and said so), 1 a divergence, 2 bad input.
#pragma once

namespace CLI {
class App;
}

namespace uffdsim {

void AddConform(CLI::App& app, int* exit_code);

}  // namespace uffdsim
