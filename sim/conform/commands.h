// `uffdsim conform ..`: what the subcommands do, after the command line was understood.
//
// Results go to `out`, mistakes in the input to `err`. Exit codes: 0 agrees or skipped, 1 a
// divergence, 2 bad input or a kernel that hung, crashed or cannot be reached, 3 the model's own
// check failed.
#pragma once

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/conform/backend.h"

namespace uffdsim {

// Which kernel.
struct ConformTarget {
  std::string on = "host";  // host, vm, or a folder of recordings
  std::string kernel;       // vm: image; empty: the one that ./dev conform fetched
  std::string executor;     // empty: beside the program
  std::string arch = "x86_64";
  std::string emulator;  // vm: program; empty: the fetched one, else the machine's
  std::string accelerator;
  int cpus = 1;
  std::string append;  // vm: more words for the kernel's command line
  bool allow_machine_wide = false;
};
absl::StatusOr<std::unique_ptr<Backend>> OpenTarget(const ConformTarget& target);

struct ConformRunCommand {
  std::vector<std::string> files;  // scenarios, or folders of them
  ConformTarget target;
  int repetitions = 3;
  bool json = false;
};
int RunConformCommand(const ConformRunCommand& command, std::ostream& out, std::ostream& err);

struct ConformRandomCommand {
  ConformTarget target;
  std::uint64_t seed = 1;
  double minutes = 2;
  std::uint64_t operations = 0;  // 0: until the time is over
  std::uint64_t shrink_runs = 300;
  std::vector<std::string> corpus;  // folders of scenarios to vary
  std::string results = "results/conform";
};
int RunConformRandomCommand(const ConformRandomCommand& command, std::ostream& out,
                            std::ostream& err);

struct ConformRecordCommand {
  std::vector<std::string> files;
  ConformTarget target;
  std::string folder;
  int repetitions = 3;
};
int RunConformRecordCommand(const ConformRecordCommand& command, std::ostream& out,
                            std::ostream& err);

struct ConformFindingsCommand {
  ConformTarget target;
  std::string only;          // part of a name
  std::string folder;        // where pages and reproducers are written; empty: nowhere
  bool reproducers = false;  // compile each C program, run it there, hold it against the scenario
};
// 1 when one is not confirmed.
int RunConformFindingsCommand(const ConformFindingsCommand& command, std::ostream& out,
                              std::ostream& err);

// The scenario files of a list of files and folders, in order. Errors: NotFound.
absl::StatusOr<std::vector<std::string>> ScenarioFiles(const std::vector<std::string>& paths);

}  // namespace uffdsim
