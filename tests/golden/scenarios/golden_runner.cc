#include "golden_runner.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"
#include "sim/scenario/run.h"

namespace uffdsim {
namespace {

void WriteAll(int file, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = write(file, text.data() + done, text.size() - done);
    if (n <= 0) return;
    done += static_cast<std::size_t>(n);
  }
}

// The child: records to the pipe as they come, and whatever a failing check prints.
[[noreturn]] void RunChild(const Scenario& scenario, const Recording& recording, int seconds,
                           int out) {
  dup2(out, STDERR_FILENO);
  alarm(static_cast<unsigned>(seconds));
  RunOptions options;
  options.arch = recording.arch;
  options.numa_nodes = recording.nodes;
  options.on_line = [out](const std::string& line) { WriteAll(out, line + "\n"); };
  const auto result = RunScenario(scenario, options);
  if (!result.ok()) WriteAll(out, absl::StrCat(result.status().ToString(), "\n"));
  _exit(result.ok() ? 0 : 2);
}

std::string ReadAll(int file) {
  std::string text;
  char buffer[65536];
  for (ssize_t n = 0; (n = read(file, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<std::size_t>(n));
  }
  return text;
}

std::string HowItEnded(int status, const std::string& last_words) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return "";
  const std::string how = WIFSIGNALED(status) ? absl::StrCat("ended by signal ", WTERMSIG(status))
                                              : absl::StrCat("exit status ", WEXITSTATUS(status));
  return absl::StrCat(how, last_words.empty() ? "" : ": ", last_words);
}

struct ChildResult {
  std::vector<std::string> records;
  std::string died;
};

ChildResult RunInChild(const Scenario& scenario, const Recording& recording, int seconds) {
  int ends[2];
  if (pipe(ends) != 0) return {{}, "pipe() failed"};
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    RunChild(scenario, recording, seconds, ends[1]);
  }
  close(ends[1]);
  const std::string text = ReadAll(ends[0]);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ChildResult result;
  std::string last_words;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.rfind("{\"i\":", 0) == 0) {
      result.records.push_back(std::move(line));
    } else if (!line.empty() && line.front() != '{') {
      last_words += (last_words.empty() ? "" : " | ") + line;
    }
  }
  result.died = HowItEnded(status, last_words);
  return result;
}

}  // namespace

absl::StatusOr<GoldenReport> RunGolden(const GoldenCase& golden, const GoldenOptions& options) {
  auto scenario = LoadScenario(golden.scenario);
  if (!scenario.ok()) return scenario.status();
  auto recording = LoadRecording(golden.recording);
  if (!recording.ok()) return recording.status();
  GoldenReport report;
  report.name = golden.name;
  for (const Line& line : scenario->lines) {
    if (line.kind == Line::Kind::kOperation) {
      report.operations.push_back(FormatStatement(line.statement));
    }
  }
  if (!options.arch.empty()) recording->arch = options.arch;
  const ChildResult ours = RunInChild(*scenario, *recording, options.seconds);
  report.died = ours.died;
  const std::vector<Young> young = YoungOfOperations(*scenario);
  const auto comparable = std::min(
      {static_cast<std::size_t>(golden.comparable), recording->records.size(), young.size()});
  for (std::size_t i = 0; i < comparable; ++i) {
    ++report.compared;
    GoldenDifference difference{static_cast<int>(i), report.operations[i], {}};
    if (i < ours.records.size()) {
      auto details = CompareRecords(recording->records[i], ours.records[i], young[i]);
      if (!details.ok()) return details.status();
      difference.details = std::move(*details);
    } else {
      difference.details.emplace_back("no record: the model ended before");
    }
    if (difference.details.empty()) {
      ++report.agreed;
      if (report.differences.empty()) ++report.before_first;
    } else {
      report.differences.push_back(std::move(difference));
    }
  }
  return report;
}

absl::StatusOr<std::vector<GoldenCase>> FindGoldenCases(const std::vector<std::string>& roots) {
  std::vector<GoldenCase> all;
  for (const std::string& root : roots) {
    std::vector<std::string> folders;
    if (std::filesystem::exists(root + "/manifest.json")) {
      folders.push_back(root);
    } else if (std::filesystem::is_directory(root)) {
      for (const auto& entry : std::filesystem::directory_iterator(root)) {
        if (std::filesystem::exists(entry.path() / "manifest.json")) {
          folders.push_back(entry.path().string());
        }
      }
    }
    if (folders.empty()) {
      return absl::NotFoundError(absl::StrCat(root, ": no folder with a manifest.json"));
    }
    std::sort(folders.begin(), folders.end());
    for (const std::string& folder : folders) {
      auto cases = LoadGoldenFolder(folder);
      if (!cases.ok()) return cases.status();
      all.insert(all.end(), cases->begin(), cases->end());
    }
  }
  return all;
}

}  // namespace uffdsim
