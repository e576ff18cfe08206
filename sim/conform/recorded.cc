#include "sim/conform/recorded.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "sim/scenario/compare.h"

namespace uffdsim {
namespace {

class Recorded : public Backend {
 public:
  explicit Recorded(std::string folder) : folder_(std::move(folder)) {
    if (auto cases = LoadGoldenFolder(folder_); cases.ok()) cases_ = std::move(*cases);
  }

  absl::StatusOr<KernelRun> Run(const std::string& name, const std::string& text,
                                RunOrder order) override;
  std::string Description() const override { return absl::StrCat("recordings in ", folder_); }

 private:
  std::string folder_;
  std::vector<GoldenCase> cases_;
};

absl::StatusOr<KernelRun> Recorded::Run(const std::string& name, const std::string&, RunOrder) {
  const std::string path =
      absl::StrCat(folder_, "/", std::filesystem::path(name).stem().string(), ".jsonl");
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  KernelRun run;
  run.cut = true;
  for (std::string line; std::getline(file, line);) TakeExecutorLine(line, &run);
  const auto row = std::find_if(cases_.begin(), cases_.end(),
                                [&](const GoldenCase& golden) { return golden.recording == path; });
  if (row != cases_.end() && static_cast<std::size_t>(row->comparable) < run.records.size()) {
    run.records.resize(static_cast<std::size_t>(row->comparable));
  }
  return run;
}

}  // namespace

std::unique_ptr<Backend> MakeRecordedBackend(const std::string& folder) {
  return std::make_unique<Recorded>(folder);
}

}  // namespace uffdsim
