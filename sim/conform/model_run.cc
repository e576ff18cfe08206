#include "sim/conform/model_run.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "sim/scenario/run.h"

namespace uffdsim {
namespace {

constexpr unsigned kSecondsAtMost = 60;
constexpr int kBadScenario = 2;

void WriteAll(int file, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = write(file, text.data() + done, text.size() - done);
    if (n <= 0) return;
    done += static_cast<std::size_t>(n);
  }
}

[[noreturn]] void RunHere(const Scenario& scenario, const std::string& arch, int out) {
  dup2(out, STDERR_FILENO);
  alarm(kSecondsAtMost);
  RunOptions options;
  options.arch = arch;
  options.profile = kConformProfile;
  options.on_line = [out](const std::string& line) { WriteAll(out, line + "\n"); };
  const auto result = RunScenario(scenario, options);
  if (!result.ok()) WriteAll(out, std::string(result.status().message()));
  _exit(result.ok() ? 0 : kBadScenario);
}

std::string ReadAll(int file) {
  std::string text;
  char bytes[65536];
  for (ssize_t n = 0; (n = read(file, bytes, sizeof(bytes))) > 0;) {
    text.append(bytes, static_cast<std::size_t>(n));
  }
  return text;
}

}  // namespace

absl::StatusOr<ModelRun> RunModel(const Scenario& scenario, const std::string& arch) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::InternalError("pipe2() failed");
  const pid_t child = fork();
  if (child < 0) return absl::InternalError("fork() failed");
  if (child == 0) RunHere(scenario, arch, ends[1]);
  close(ends[1]);
  const std::string text = ReadAll(ends[0]);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
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
  if (WIFEXITED(status) && WEXITSTATUS(status) == kBadScenario) {
    return absl::InvalidArgumentError(words);
  }
  if (WIFSIGNALED(status)) {
    run.died = absl::StrCat("signal ", WTERMSIG(status), ": ", words);
  } else if (WEXITSTATUS(status) != 0) {
    run.died = words.empty() ? absl::StrCat("exit status ", WEXITSTATUS(status)) : words;
  }
  return run;
}

}  // namespace uffdsim
