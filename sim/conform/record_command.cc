// `uffdsim conform record`: golden files with their provenance.
//
// Writes for each scenario NAME.scn and NAME.jsonl (first line kernel, architecture, page size;
// then one record for each operation; last {"end":N}), the folder's manifest.json (how far each
// recording is comparable, and why not further), and provenance.json: kernel, build, machine,
// repetitions, and which fields differed between them.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "sim/conform/commands.h"
#include "sim/conform/judge.h"
#include "sim/scenario/compare.h"
#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"
#include "sim/text/exit_status.h"

namespace uffdsim {
namespace {

using nlohmann::json;

// What differs between the first run and the others, record by record.
json Varied(const Scenario& scenario, const std::vector<KernelRun>& runs) {
  const std::vector<Young> young = YoungOfOperations(scenario);
  json varied = json::array();
  for (std::size_t i = 0; i < runs[0].records.size() && i < young.size(); ++i) {
    for (std::size_t r = 1; r < runs.size() && i < runs[r].records.size(); ++r) {
      const auto details = CompareRecords(runs[0].records[i], runs[r].records[i], young[i]);
      if (!details.ok() || details->empty()) continue;
      varied.push_back({{"i", i}, {"repetition", r}, {"fields", *details}});
      break;
    }
  }
  return varied;
}

bool WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return static_cast<bool>(file.flush());
}

std::string RecordingText(const KernelRun& run) {
  std::string text = json{{"kernel", run.kernel},
                          {"arch", run.arch},
                          {"page_size", run.page_size},
                          {"nodes", run.nodes.value_or(2)},
                          {"offered", run.offered}}
                         .dump() +
                     "\n";
  for (const std::string& record : run.records) absl::StrAppend(&text, record, "\n");
  absl::StrAppend(&text, json{{"end", run.records.size()}}.dump(), "\n");
  return text;
}

class Recorder {
 public:
  Recorder(const ConformRecordCommand& command, Backend* backend, std::ostream& out)
      : command_(command), backend_(*backend), out_(out) {}

  absl::Status Record(const std::string& file);
  absl::Status Finish();
  bool failed() const { return failed_; }

 private:
  const ConformRecordCommand& command_;
  Backend& backend_;
  std::ostream& out_;
  json manifest_ = json::object();
  json varied_ = json::object();
  KernelRun last_;
  bool failed_ = false;
};

absl::Status Recorder::Record(const std::string& file) {
  const auto scenario = LoadScenario(file);
  if (!scenario.ok()) return scenario.status();
  const std::string name = std::filesystem::path(file).stem().string();
  std::vector<KernelRun> runs;
  for (int i = 0; i < command_.repetitions; ++i) {
    // The second repetition wakes in the other order, so that what depends on it shows.
    const RunOrder order = i == 1 ? RunOrder::kOldestFirst : RunOrder::kNewestFirst;
    auto run = backend_.Run(name, FormatScenario(*scenario), order);
    if (!run.ok()) return run.status();
    if (!run->skipped.empty() || !run->failed.empty()) {
      out_ << name << ": not recorded: " << run->skipped << run->failed << "\n";
      failed_ |= !run->failed.empty();
      return absl::OkStatus();
    }
    runs.push_back(*std::move(run));
  }
  const int varying = FirstVarying(*scenario, runs);
  const std::size_t operations = runs[0].records.size();
  manifest_[name] = {{"comparable", varying < 0 ? operations : static_cast<std::size_t>(varying)},
                     {"operations", operations}};
  if (varying >= 0) {
    manifest_[name]["why"] = "later records differed between recordings";
    varied_[name] = Varied(*scenario, runs);
  }
  last_ = runs[0];
  const std::string path = absl::StrCat(command_.folder, "/", name);
  if (!WriteFile(path + ".scn", FormatScenario(*scenario)) ||
      !WriteFile(path + ".jsonl", RecordingText(runs[0]))) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be written"));
  }
  out_ << name << ": " << operations << " records";
  if (varying >= 0) out_ << ", comparable up to " << varying;
  out_ << "\n";
  return absl::OkStatus();
}

absl::Status Recorder::Finish() {
  json provenance = {{"kernel", last_.kernel},
                     {"built", last_.built},
                     {"arch", last_.arch},
                     {"page_size", last_.page_size},
                     {"machine", backend_.Description()},
                     {"image", backend_.Image()},
                     {"repetitions", command_.repetitions},
                     {"varied", varied_}};
  if (!last_.lacks.empty()) provenance["lacks"] = last_.lacks;
  const std::string folder = command_.folder + "/";
  if (!WriteFile(folder + "manifest.json", manifest_.dump(1) + "\n") ||
      !WriteFile(folder + "provenance.json", provenance.dump(1) + "\n")) {
    return absl::NotFoundError(absl::StrCat(folder, ": cannot be written"));
  }
  return absl::OkStatus();
}

}  // namespace

int RunConformRecordCommand(const ConformRecordCommand& command, std::ostream& out,
                            std::ostream& err) {
  const auto fail = [&](const absl::Status& status) {
    err << "uffdsim: " << status.message() << "\n";
    return kExitBadInput;
  };
  const auto files = ScenarioFiles(command.files);
  if (!files.ok()) return fail(files.status());
  auto backend = OpenTarget(command.target);
  if (!backend.ok()) return fail(backend.status());
  std::error_code error;
  std::filesystem::create_directories(command.folder, error);
  Recorder recorder(command, backend->get(), out);
  for (const std::string& file : *files) {
    if (const absl::Status recorded = recorder.Record(file); !recorded.ok()) return fail(recorded);
  }
  if (const absl::Status finished = recorder.Finish(); !finished.ok()) return fail(finished);
  return recorder.failed() ? kExitFound : kExitClean;
}

}  // namespace uffdsim
