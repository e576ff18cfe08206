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
#include "sim/conform/initramfs.h"

namespace uffdsim {
namespace {

constexpr std::size_t kConsoleShown = 1500;
constexpr int kMostTries = 2;
// KVM inside a virtual machine may exist and not work: it gets one short try.
constexpr std::chrono::seconds kKvmPatience{15};

struct Guest {
  std::string_view arch;
  std::string_view emulator;
  std::string_view machine;
  std::string_view cpu;  // under tcg
  std::string_view console;
};
constexpr Guest kGuests[] = {
    // Four page-table levels, as the recordings have.
    {"x86_64", "qemu-system-x86_64", "q35", "max,la57=off", "ttyS0"},
    // As many there; pointer authentication as QEMU computes it fastest.
    {"aarch64", "qemu-system-aarch64", "virt", "max,lpa2=off,pauth-impdef=on", "ttyAMA0"},
};

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
  VirtualMachine(VirtualMachineSettings settings, const Guest& guest)
      : settings_(std::move(settings)), guest_(guest) {}
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
  std::vector<std::string> Arguments() const;
  absl::Status BootOnce(std::chrono::seconds patience);

  VirtualMachineSettings settings_;
  const Guest& guest_;
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
  return WriteInitramfs(initramfs(), settings_.executor, modules);
}

std::vector<std::string> VirtualMachine::Arguments() const {
  const std::string half = absl::StrCat(settings_.memory_mib / 2, "M");
  const bool kvm = accelerator_ == "kvm";
  const std::string last = absl::StrCat(settings_.cpus - 1);
  return {std::string(guest_.emulator),
          "-machine",
          std::string(guest_.machine),
          "-accel",
          accelerator_,
          "-cpu",
          kvm ? "host" : std::string(guest_.cpu),
          "-smp",
          absl::StrCat(settings_.cpus),
          "-m",
          absl::StrCat(settings_.memory_mib, "M"),
          "-object",
          absl::StrCat("memory-backend-ram,id=near,size=", half),
          "-object",
          absl::StrCat("memory-backend-ram,id=far,size=", half),
          "-numa",
          absl::StrCat("node,nodeid=0,cpus=0-", last, ",memdev=near"),
          "-numa",
          "node,nodeid=1,memdev=far",
          "-nodefaults",
          "-no-user-config",
          "-display",
          "none",
          "-no-reboot",
          "-serial",
          "file:" + console(),
          "-chardev",
          "stdio,id=scripts,signal=off",
          "-device",
          "virtio-serial",
          "-device",
          "virtserialport,chardev=scripts,name=uffdsim",
          "-kernel",
          settings_.kernel,
          "-initrd",
          initramfs(),
          "-append",
          absl::StrCat("console=", std::string(guest_.console),
                       " quiet panic=-1 oops=panic norandmaps mitigations=off rdinit=/init ",
                       settings_.append)};
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
      absl::StrCat(std::string(guest_.emulator), " (", accelerator_, "): the guest does not ",
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
  const auto* guest = std::find_if(std::begin(kGuests), std::end(kGuests),
                                   [&](const Guest& g) { return g.arch == settings.arch; });
  if (guest == std::end(kGuests)) {
    return absl::InvalidArgumentError(
        absl::StrCat("no virtual machine for '", settings.arch, "'; x86_64 or aarch64"));
  }
  auto machine = std::make_unique<VirtualMachine>(settings, *guest);
  if (const absl::Status prepared = machine->Prepare(); !prepared.ok()) return prepared;
  if (const absl::Status booted = machine->Boot(); !booted.ok()) return booted;
  return machine;
}

}  // namespace uffdsim
