#include "sim/conform/backend.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace uffdsim {

absl::StatusOr<KernelRun> Backend::RunProgram(const std::string& name, const std::string&) {
  return absl::UnimplementedError(
      absl::StrCat(name, ": programs are run in a virtual machine only (--on vm)"));
}

absl::StatusOr<KernelRun> Backend::Identity() {
  if (!identity_) {
    auto run = Run("identity", "", RunOrder::kNewestFirst);
    if (!run.ok()) return run.status();
    if (!run->failed.empty()) return absl::InternalError(run->failed);
    identity_ = *std::move(run);
  }
  return *identity_;
}

bool TakeExecutorLine(const std::string& line, KernelRun* run) {
  if (line.rfind("{\"i\":", 0) == 0) {
    run->records.push_back(line);
    return true;
  }
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) return false;
  if (json.contains("kernel")) {
    run->kernel = json.value("kernel", "");
    run->built = json.value("built", "");
    run->arch = json.value("arch", "");
    run->page_size = json.value("page_size", std::uint64_t{4096});
    if (json.contains("nodes")) run->nodes = json.value("nodes", std::uint32_t{0});
    run->proc_mem_forces = json.value("proc_mem_forces", 0) != 0;
    run->lacks = json.value("lacks", "");
    run->offered = json.value("offered", ~std::uint64_t{0});
  } else if (json.contains("skipped")) {
    run->skipped = json.value("skipped", "");
  } else if (json.contains("reclaimed")) {
    run->reclaimed_from = std::strtoull(json.value("reclaimed", "").c_str(), nullptr, 10);
  } else if (json.contains("stuck")) {
    run->hung = true;
    run->failed = absl::StrCat("line ", json.value("stuck", ""),
                               " neither ended nor slept in a userfaultfd wait");
  } else if (json.contains("error")) {
    run->failed = json.value("error", "");
  } else {
    return json.contains("end");
  }
  return true;
}

}  // namespace uffdsim
