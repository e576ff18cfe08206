// `uffdsim calibrate`: measures the host and writes a cost file.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "sim/calibrate/calibrate.h"
#include "sim/cli/laboratory.h"
#include "sim/cli/outcome.h"
#include "sim/cli/output_file.h"

namespace uffdsim {
namespace {

constexpr unsigned kMiB = 1U << 20;

struct CalibrateCommand {
  std::string out_file;
  std::size_t memory_mib = 64;
  unsigned repetitions = 5;
};

absl::StatusOr<int> RunCalibrateCommand(const CalibrateCommand& command) {
  std::unique_ptr<OutputFile> file;
  if (!command.out_file.empty()) {
    absl::StatusOr<std::unique_ptr<OutputFile>> created = OutputFile::Create(command.out_file);
    if (!created.ok()) return created.status();
    file = *std::move(created);
  }
  CalibrateSetting setting;
  setting.bytes = command.memory_mib / 2 * 2 * kMiB;
  setting.repetitions = command.repetitions;
  const absl::StatusOr<Calibration> calibration = Calibrate(setting, [](const Measured& measured) {
    std::cout << MeasuredLine(measured);
    std::cout.flush();
  });
  if (!calibration.ok()) return calibration.status();
  std::cout << "measured on " << calibration->kernel << ", " << calibration->cpu << "\n";
  if (file) {
    const absl::Status status = file->Commit(CalibrationJson(*calibration));
    if (!status.ok()) return status;
  }
  return 0;
}

}  // namespace

void AddCalibrate(CLI::App& app, int* exit_code) {
  auto command = std::make_shared<CalibrateCommand>();
  CLI::App* sub =
      app.add_subcommand("calibrate", "Measure this host's costs for --costs of replay");
  sub->add_option("--out", command->out_file, "write the cost file there")->type_name("FILE");
  sub->add_option("--memory", command->memory_mib, "MiB of memory to measure on, in steps of 2")
      ->capture_default_str()
      ->check(CLI::Range(2, 4096));
  sub->add_option("--repetitions", command->repetitions, "of each measurement")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  sub->callback([command, exit_code] { *exit_code = ExitCodeOf(RunCalibrateCommand(*command)); });
}

}  // namespace uffdsim
