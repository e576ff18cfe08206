#include "sim/cli/conform_command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "sim/conform/commands.h"

namespace uffdsim {
namespace {

void AddTarget(CLI::App* sub, ConformTarget* target) {
  sub->add_option("--on", target->on,
                  "host (this kernel), vm (a virtual machine), or a folder of recordings")
      ->capture_default_str();
  sub->add_option("--kernel", target->kernel, "kernel image of the virtual machine");
  sub->add_option("--executor", target->executor, "uffdsim-kernel; default: beside this program");
  sub->add_option("--arch", target->arch, "of the virtual machine")->capture_default_str();
  sub->add_option("--emulator", target->emulator,
                  "QEMU program of the virtual machine; default: by the architecture");
  sub->add_option("--accel", target->accelerator, "kvm or tcg; default: kvm where it works");
  sub->add_option("--cpus", target->cpus, "of the virtual machine")->check(CLI::Range(1, 8));
  sub->add_option("--append", target->append, "more words for the virtual machine's command line");
  sub->add_flag("--allow-machine-wide", target->allow_machine_wide,
                "on the host: also swap, KSM, caches and settings; put back afterwards");
}

void AddRun(CLI::App* conform, int* exit_code) {
  auto command = std::make_shared<ConformRunCommand>();
  CLI::App* sub = conform->add_subcommand("run", "Run scenarios on the model and on a kernel");
  sub->add_option("files", command->files, "scenario files or folders")->required();
  AddTarget(sub, &command->target);
  sub->add_option("--repeat", command->repetitions,
                  "how often a divergence is repeated to see whether the kernel repeats itself")
      ->check(CLI::Range(1, 100));
  sub->add_flag("--json", command->json, "one JSON line for each scenario");
  sub->callback(
      [command, exit_code] { *exit_code = RunConformCommand(*command, std::cout, std::cerr); });
}

void AddRecord(CLI::App* conform, int* exit_code) {
  auto command = std::make_shared<ConformRecordCommand>();
  command->target.on = "vm";
  CLI::App* sub = conform->add_subcommand("record", "Write golden files of a kernel");
  sub->add_option("files", command->files, "scenario files or folders")->required();
  sub->add_option("--out", command->folder, "folder to write to")->required();
  AddTarget(sub, &command->target);
  sub->add_option("--repeat", command->repetitions, "runs of each scenario")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  sub->callback([command, exit_code] {
    *exit_code = RunConformRecordCommand(*command, std::cout, std::cerr);
  });
}

void AddFindings(CLI::App* conform, int* exit_code) {
  auto command = std::make_shared<ConformFindingsCommand>();
  command->target.on = "vm";
  CLI::App* sub = conform->add_subcommand(
      "findings", "Confirm on a kernel what the referee calls wrong, and write a page for each");
  AddTarget(sub, &command->target);
  sub->add_option("--only", command->only, "those with this in their name");
  sub->add_option("--out", command->folder, "folder for pages and C programs");
  sub->add_flag("--reproducers", command->reproducers,
                "compile each finding's C program (gcc -static), run it in the virtual machine and "
                "hold its output against the scenario's");
  sub->callback([command, exit_code] {
    *exit_code = RunConformFindingsCommand(*command, std::cout, std::cerr);
  });
}

void AddRandom(CLI::App* conform, int* exit_code) {
  auto command = std::make_shared<ConformRandomCommand>();
  command->target.on = "vm";
  CLI::App* sub = conform->add_subcommand(
      "random", "Draw scenarios, run them on both sides, make each divergence short");
  AddTarget(sub, &command->target);
  sub->add_option("--seed", command->seed, "of the campaign")->capture_default_str();
  sub->add_option("--minutes", command->minutes, "how long")
      ->check(CLI::Range(0.01, 100'000.0))
      ->capture_default_str();
  sub->add_option("--operations", command->operations, "stop after so many; 0: when time is over");
  sub->add_option("--corpus", command->corpus, "folders of scenarios to vary");
  sub->add_option("--shrink", command->shrink_runs, "runs of both sides for each divergence")
      ->capture_default_str();
  sub->add_option("--results", command->results, "folder for shortened scenarios")
      ->capture_default_str();
  sub->callback([command, exit_code] {
    *exit_code = RunConformRandomCommand(*command, std::cout, std::cerr);
  });
}

}  // namespace

void AddConform(CLI::App& app, int* exit_code) {
  CLI::App* conform =
      app.add_subcommand("conform", "Hold the model against a running kernel, record by record");
  conform->require_subcommand(1);
  AddRun(conform, exit_code);
  AddRecord(conform, exit_code);
  AddRandom(conform, exit_code);
  AddFindings(conform, exit_code);
}

}  // namespace uffdsim
