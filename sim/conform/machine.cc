#include "sim/conform/machine.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/conform/child.h"
#include "sim/conform/guests.h"
#include "sim/conform/initramfs.h"

namespace uffdsim {
namespace {

constexpr std::size_t kConsoleShown = 1500;
constexpr int kMostTries = 2;
// KVM inside a virtual machine may exist and not work: it gets one short try.
constexpr std::chrono::seconds kKvmPatience{15};
constexpr std::chrono::seconds kVersionPatience{20};

std::string Tail(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::erase(text, '\r');
  return text.size() > kConsoleShown ? text.substr(text.size() - kConsoleShown) : text;
}

// What the console says of a crash, else its end.
std::string LastWords(const std::string& path) {
  std::string tail = Tail(path);
  for (const char* mark : {"BUG:", "Oops", "kernel BUG", "Kernel panic", "WARNING:"}) {
    if (const std::size_t at = tail.find(mark); at != std::string::npos) return tail.substr(at);
  }
  return tail;
}

class VirtualMachine : public Backend {
 public:
  VirtualMachine(VirtualMachineSettings settings, const GuestMachine& guest)
      : settings_(std::move(settings)), guest_(guest) {
    if (settings_.emulator.empty()) settings_.emulator = std::string(guest_.emulator);
  }
  ~VirtualMachine() override {
    child_.Kill();
    std::error_code error;
    if (folder_is_ours_) std::filesystem::remove_all(settings_.work_folder, error);
  }

  absl::Status Prepare();
  absl::Status Boot();
  absl::StatusOr<KernelRun> Run(const std::string& name, const std::string& text,
                                RunOrder order) override;
  absl::StatusOr<KernelRun> RunProgram(const std::string& name, const std::string& image) override;
  std::string Arch() const override { return settings_.arch; }
  std::string Image() const override {
    return std::filesystem::path(settings_.kernel).filename().string();
  }
  std::string Description() const override {
    return absl::StrCat("virtual machine (", accelerator_, ", ", settings_.cpus, " CPU)");
  }

 private:
  std::string initramfs() const { return settings_.work_folder + "/initramfs.cpio"; }
  std::string console() const { return settings_.work_folder + "/console.log"; }
  // Sends the request and takes the answer's lines up to `done CODE`.
  absl::StatusOr<KernelRun> Ask(const std::string& request,
                                const std::function<void(const std::string&, KernelRun*)>& take);
  std::string Images() const;
  std::vector<std::string> Arguments() const;
  absl::Status CheckEmulator();
  absl::Status BootOnce(std::chrono::seconds patience);

  VirtualMachineSettings settings_;
  const GuestMachine& guest_;
  std::string accelerator_;
  bool folder_is_ours_ = false;
  bool emulator_ended_ = false;
  Child child_;
};

absl::Status VirtualMachine::Prepare() {
  std::error_code error;
  if (!std::filesystem::exists(settings_.kernel, error)) {
    return absl::NotFoundError(absl::StrCat(settings_.kernel, ": no kernel image there"));
  }
  if (settings_.work_folder.empty()) {
    folder_is_ours_ = true;
    settings_.work_folder = absl::StrCat(std::filesystem::temp_directory_path(error).string(),
                                         "/uffdsim-vm-", getpid());
  }
  std::filesystem::create_directories(settings_.work_folder, error);
  std::vector<std::string> modules;
  const auto folder = std::filesystem::path(settings_.kernel).parent_path() / "modules";
  if (std::filesystem::is_directory(folder, error)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      modules.push_back(entry.path().string());
    }
  }
  std::sort(modules.begin(), modules.end());
  if (absl::Status checked = CheckEmulator(); !checked.ok()) return checked;
  return WriteInitramfs(initramfs(), settings_.executor, modules);
}

// Debian's QEMU looks for images where its package puts them, wherever it is itself.
std::string VirtualMachine::Images() const {
  const std::filesystem::path program = settings_.emulator;
  std::error_code error;
  const auto folder = program.parent_path() / "../share/qemu";
  const bool there = program.has_parent_path() && std::filesystem::is_directory(folder, error);
  return there ? folder.string() : "";
}

std::vector<std::string> VirtualMachine::Arguments() const {
  return EmulatorArguments(guest_, {.emulator = settings_.emulator,
                                    .images = Images(),
                                    .accelerator = accelerator_,
                                    .cpus = settings_.cpus,
                                    .kernel = settings_.kernel,
                                    .initramfs = initramfs(),
                                    .console = console(),
                                    .append = settings_.append});
}

// `EMULATOR --version` says which release it is.
absl::Status VirtualMachine::CheckEmulator() {
  const std::string log = settings_.work_folder + "/qemu.log";
  if (auto started = child_.Start({settings_.emulator, "--version"}, log); !started.ok()) {
    return started;
  }
  std::string line;
  const bool answered = child_.ReadLine(kVersionPatience, &line) == Child::Read::kLine;
  child_.Kill();
  const int version = answered ? EmulatorVersion(line) : 0;
  if (version >= guest_.oldest) return absl::OkStatus();
  const std::string needed =
      absl::StrCat("; a guest of ", std::string(guest_.arch), " needs QEMU ", guest_.oldest,
                   " or later (./dev conform ", std::string(guest_.arch), " gets one)");
  if (version == 0) {
    return absl::NotFoundError(absl::StrCat(settings_.emulator, ": cannot be started", needed));
  }
  return absl::FailedPreconditionError(
      absl::StrCat(settings_.emulator, ": version ", version, needed));
}

absl::Status VirtualMachine::BootOnce(std::chrono::seconds patience) {
  std::error_code error;
  std::filesystem::remove(console(), error);
  if (auto started = child_.Start(Arguments(), settings_.work_folder + "/qemu.log");
      !started.ok()) {
    return started;
  }
  std::string line;
  const Child::Read read = child_.ReadLine(patience, &line);
  if (read == Child::Read::kLine && line.rfind("hello", 0) == 0) return absl::OkStatus();
  child_.Kill();
  return absl::DeadlineExceededError(
      absl::StrCat(settings_.emulator, " (", accelerator_, "): the guest does not ",
                   read == Child::Read::kEnd ? "start" : "answer", "; ",
                   Tail(settings_.work_folder + "/qemu.log"), Tail(console())));
}

absl::Status VirtualMachine::Boot() {
  if (!accelerator_.empty()) return BootOnce(settings_.boot_patience);
  accelerator_ = settings_.accelerator.empty() ? "kvm" : settings_.accelerator;
  if (accelerator_ == "kvm" && settings_.accelerator.empty()) {
    // The guest must be this machine's own architecture, which KVM itself checks.
    if (access("/dev/kvm", R_OK | W_OK) == 0 && BootOnce(kKvmPatience).ok()) {
      return absl::OkStatus();
    }
    accelerator_ = "tcg";
  }
  return BootOnce(settings_.boot_patience);
}

// The emulator itself may end, without a word of the guest: that says nothing about the scenario.
absl::StatusOr<KernelRun> VirtualMachine::Run(const std::string& name, const std::string& text,
                                              RunOrder order) {
  const std::string short_name = std::filesystem::path(name).filename().string();
  const std::string request =
      absl::StrCat("run ", text.size(), order == RunOrder::kOldestFirst ? " oldest " : " newest ",
                   short_name.empty() ? "-" : short_name, "\n", text);
  const auto take = [](const std::string& line, KernelRun* run) { TakeExecutorLine(line, run); };
  for (int tries = 0;; ++tries) {
    auto run = Ask(request, take);
    if (!emulator_ended_ || tries == kMostTries) return run;
  }
}

absl::StatusOr<KernelRun> VirtualMachine::RunProgram(const std::string& name,
                                                     const std::string& image) {
  return Ask(absl::StrCat("program ", image.size(), " - ", name, "\n", image),
             [](const std::string& line, KernelRun* run) { run->records.push_back(line); });
}

absl::StatusOr<KernelRun> VirtualMachine::Ask(
    const std::string& request, const std::function<void(const std::string&, KernelRun*)>& take) {
  emulator_ended_ = false;
  if (!child_.running()) {
    if (const absl::Status booted = Boot(); !booted.ok()) {
      emulator_ended_ = true;
      return booted;
    }
  }
  KernelRun run;
  child_.Write(request);
  std::string line;
  for (;;) {
    const Child::Read read = child_.ReadLine(settings_.scenario_patience, &line);
    if (read != Child::Read::kLine) {
      child_.Kill();
      emulator_ended_ = read == Child::Read::kEnd && Tail(console()).empty();
      run.hung = read == Child::Read::kTimeout;
      run.failed = absl::StrCat(read == Child::Read::kEnd ? "kernel crashed: " : "kernel hung: ",
                                LastWords(console()));
      return run;
    }
    if (line.rfind("done ", 0) == 0) break;
    take(line, &run);
  }
  if (line != "done 0" && run.failed.empty()) {
    run.failed = absl::StrCat("the executor ended with ", line);
  }
  // What a stuck session left behind may disturb the next one.
  if (!run.failed.empty()) child_.Kill();
  return run;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> BootVirtualMachine(
    const VirtualMachineSettings& settings) {
  const GuestMachine* guest = FindGuest(settings.arch);
  if (guest == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("no virtual machine for '", settings.arch, "'; ", GuestNames()));
  }
  auto machine = std::make_unique<VirtualMachine>(settings, *guest);
  if (const absl::Status prepared = machine->Prepare(); !prepared.ok()) return prepared;
  if (const absl::Status booted = machine->Boot(); !booted.ok()) return booted;
  return machine;
}

}  // namespace uffdsim
