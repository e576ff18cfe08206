#include "sim/conform/model_run.h"

#include "absl/strings/str_cat.h"
#include "model/arch/arch.h"
#include "sim/conform/forked.h"
#include "sim/scenario/run.h"
#include "sim/uapi/uapi.h"

namespace uffdsim {
namespace {

constexpr unsigned kSecondsAtMost = 60;
constexpr int kBadScenario = 2;

int RunHere(const Scenario& scenario, const ModelSetting& setting, int out) {
  RunOptions options;
  options.arch = setting.arch;
  options.numa_nodes = setting.numa_nodes;
  options.vma_locks = setting.vma_locks;
  options.thp = setting.thp;
  options.proc_mem_forces = setting.proc_mem_forces;
  options.profile = kConformProfile;
  options.on_line = [out](const std::string& line) { WriteAll(out, line + "\n"); };
  const auto result = RunScenario(scenario, options);
  if (!result.ok()) WriteAll(out, std::string(result.status().message()));
  return result.ok() ? 0 : kBadScenario;
}

}  // namespace

absl::StatusOr<ModelSetting> SettingOf(const KernelRun& kernel) {
  if (kernel.arch.empty()) return ModelSetting{};
  const bool uffd = (kernel.offered & uapi::kFeatureWp) != 0;
  const Arch* arch = FindKernelArch(kernel.arch, kernel.page_size, uffd);
  if (arch == nullptr) {
    return absl::UnimplementedError(absl::StrCat("the model has no ", kernel.arch,
                                                 " with pages of ", kernel.page_size, " bytes"));
  }
  // uname -v: "#1 SMP PREEMPT_DYNAMIC Debian ..". Recordings do not say.
  std::optional<bool> vma_locks;
  if (!kernel.built.empty()) vma_locks = kernel.built.find(" SMP ") != std::string::npos;
  return ModelSetting{.arch = std::string(arch->name()),
                      .numa_nodes = kernel.nodes,
                      .vma_locks = vma_locks,
                      .proc_mem_forces = kernel.proc_mem_forces,
                      .thp = kernel.lacks.find("thp") == std::string::npos};
}

absl::StatusOr<ModelRun> RunModel(const Scenario& scenario, const ModelSetting& setting) {
  const auto forked =
      RunForked([&](int out) { return RunHere(scenario, setting, out); }, kSecondsAtMost);
  if (!forked.ok()) return forked.status();
  const std::string& text = forked->output;
  ModelRun run;
  std::string words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.rfind("{\"i\":", 0) == 0) {
      run.records.push_back(std::move(line));
    } else if (!line.empty() && line.front() != '{') {
      words += (words.empty() ? "" : " | ") + line;
    }
  }
  if (forked->code == kBadScenario) return absl::InvalidArgumentError(words);
  if (forked->code != 0) {
    run.died = absl::StrCat("exit code ", forked->code, words.empty() ? "" : ": ", words);
  }
  return run;
}

}  // namespace uffdsim
