#include "sim/cli/replay_options.h"

#include <CLI/CLI.hpp>

namespace uffdsim {

ReplayCommand ReplayArguments::Command() const {
  ReplayCommand result = command;
  for (const auto& [option, row] : given) {
    if (option->count() == 0) continue;
    result.given.emplace_back(row->member, options.*row->member);
  }
  return result;
}

std::shared_ptr<ReplayArguments> AddReplayOptions(CLI::App& sub) {
  auto arguments = std::make_shared<ReplayArguments>();
  sub.add_option("trace", arguments->command.trace, "UFTRACE file, or - for standard input");
  sub.add_option("--config", arguments->command.config_file,
                 "options as one JSON object; the command line wins");
  for (const OptionRow& row : ReplayOptionRows()) {
    const std::string name = "--" + std::string(row.name);
    std::string& value = arguments->options.*row.member;
    CLI::Option* option = nullptr;
    if (row.value == "on|off") {
      option = sub.add_flag(name + "{on}", value, std::string(row.sentence));
    } else {
      option = sub.add_option(name, value, std::string(row.sentence))
                   ->type_name(std::string(row.value))
                   ->default_str(std::string(row.initial));
    }
    arguments->given.emplace_back(option, &row);
  }
  return arguments;
}

}  // namespace uffdsim
