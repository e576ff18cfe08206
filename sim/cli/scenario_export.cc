#include "sim/cli/scenario_export.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "sim/scenario/export_c.h"
#include "sim/scenario/parse.h"
#include "sim/text/exit_status.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kPageSize = 4096;

int Export(const std::string& file) {
  const auto scenario = LoadScenario(file);
  if (!scenario.ok()) {
    std::cerr << scenario.status().message() << "\n";
    return kExitBadInput;
  }
  const auto program = ExportC(*scenario, kPageSize);
  if (!program.ok()) {
    std::cerr << program.status().message() << "\n";
    return kExitBadInput;
  }
  std::cout << *program;
  return 0;
}

}  // namespace

void AddScenarioExport(CLI::App& scenario, int* exit_code) {
  auto file = std::make_shared<std::string>();
  CLI::App* sub =
      scenario.add_subcommand("export-c", "Print a scenario as a stand-alone C program");
  sub->add_option("file", *file, "scenario file, or -")->required();
  sub->callback([file, exit_code] { *exit_code = Export(*file); });
}

}  // namespace uffdsim
