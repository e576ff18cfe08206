#include "sim/conform/host.h"

#include <sys/utsname.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "sim/conform/child.h"

namespace uffdsim {
namespace {

constexpr std::chrono::seconds kPatience{60};
constexpr int kNotFound = 127;

class Host : public Backend {
 public:
  Host(std::string executor, MachineWide machine_wide)
      : executor_(std::move(executor)), machine_wide_(machine_wide) {}

  absl::StatusOr<KernelRun> Run(const std::string& name, const std::string& text,
                                RunOrder order) override {
    std::vector<std::string> arguments = {executor_};
    if (machine_wide_ == MachineWide::kAllowed) arguments.emplace_back("--allow-machine-wide");
    if (order == RunOrder::kOldestFirst) arguments.emplace_back("--oldest-first");
    arguments.emplace_back("-");
    Child child;
    if (const absl::Status started = child.Start(arguments, ""); !started.ok()) return started;
    child.Write(text);
    child.CloseInput();
    KernelRun run;
    std::string line;
    Child::Read read = Child::Read::kLine;
    while ((read = child.ReadLine(kPatience, &line)) == Child::Read::kLine) {
      TakeExecutorLine(line, &run);
    }
    if (read == Child::Read::kTimeout) {
      run.hung = true;
      run.failed = absl::StrCat(name, ": no answer for ", kPatience.count(), " s");
      return run;
    }
    const int code = child.Wait();
    if (code == kNotFound) {
      return absl::NotFoundError(absl::StrCat(executor_, ": cannot be started"));
    }
    if (code != 0 && run.failed.empty()) {
      run.failed = absl::StrCat(executor_, " ended with code ", code);
    }
    return run;
  }

  std::string Arch() const override {
    utsname name{};
    uname(&name);
    return name.machine;
  }
  std::string Description() const override { return "this kernel"; }

 private:
  std::string executor_;
  MachineWide machine_wide_;
};

}  // namespace

std::unique_ptr<Backend> MakeHostBackend(const std::string& executor, MachineWide machine_wide) {
  return std::make_unique<Host>(executor, machine_wide);
}

std::string DefaultExecutor() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path() / "uffdsim-kernel").string();
}

}  // namespace uffdsim
