// The command line of a replay: its trace, --config, and one option per row of options.def.
//
// Owned by: the subcommand shares the arguments with its callback. Errors: the parser's.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "sim/cli/commands.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace uffdsim {

struct ReplayArguments {
  ReplayCommand command;
  ReplayOptions options;
  std::vector<std::pair<CLI::Option*, const OptionRow*>> given;

  // With the options that were given; after parsing.
  ReplayCommand Command() const;
};

std::shared_ptr<ReplayArguments> AddReplayOptions(CLI::App& sub);

}  // namespace uffdsim
