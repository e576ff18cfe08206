// Names on the command line to backends and scenario files.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "sim/conform/commands.h"
#include "sim/conform/guests.h"
#include "sim/conform/host.h"
#include "sim/conform/machine.h"
#include "sim/conform/recorded.h"

namespace uffdsim {
namespace {

// What ./dev conform unpacked, seen from the program in build/PRESET/bin.
std::filesystem::path Fetched() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  return (program / "../../kernel").lexically_normal();
}

// A newer emulator than the machine's own, where one was fetched; else empty.
std::string FetchedEmulator(const std::string& arch) {
  std::error_code error;
  const GuestMachine* guest = FindGuest(arch);
  if (guest == nullptr) return "";
  const auto program = Fetched() / "emulator/usr/bin" / guest->emulator;
  return std::filesystem::exists(program, error) ? program.string() : "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> OpenTarget(const ConformTarget& target) {
  std::string executor = target.executor;
  if (executor.empty()) {
    executor = DefaultExecutor();
    if (target.arch != "x86_64") absl::StrAppend(&executor, "-", target.arch);
  }
  if (target.on == "host") {
    return MakeHostBackend(
        executor, target.allow_machine_wide ? MachineWide::kAllowed : MachineWide::kRefused);
  }
  if (target.on == "vm") {
    VirtualMachineSettings settings;
    settings.kernel =
        target.kernel.empty() ? (Fetched() / target.arch / "vmlinuz").string() : target.kernel;
    settings.executor = executor;
    settings.arch = target.arch;
    settings.emulator = target.emulator.empty() ? FetchedEmulator(target.arch) : target.emulator;
    settings.accelerator = target.accelerator;
    settings.cpus = target.cpus;
    settings.append = target.append;
    return BootVirtualMachine(settings);
  }
  std::error_code error;
  if (std::filesystem::is_directory(target.on, error)) return MakeRecordedBackend(target.on);
  return absl::InvalidArgumentError(
      absl::StrCat("--on ", target.on, ": expected host, vm or a folder of recordings"));
}

absl::StatusOr<std::vector<std::string>> ScenarioFiles(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  std::error_code error;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> inside;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (entry.path().extension() == ".scn") inside.push_back(entry.path().string());
    }
    if (inside.empty()) return absl::NotFoundError(absl::StrCat(path, ": no scenario (.scn)"));
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

}  // namespace uffdsim
