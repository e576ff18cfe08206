#include "sim/conform/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace uffdsim {
namespace {

// In the child. Only system calls: the parent may have threads.
[[noreturn]] void Become(const std::vector<char*>& arguments, const int in[2], const int out[2],
                         int errors) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(in[0], STDIN_FILENO);
  dup2(out[1], STDOUT_FILENO);
  if (errors >= 0) dup2(errors, STDERR_FILENO);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

absl::Status Child::Start(const std::vector<std::string>& arguments, const std::string& errors) {
  Kill();
  signal(SIGPIPE, SIG_IGN);  // a child that ended is noticed by write()
  std::vector<char*> words;
  words.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
    return absl::InternalError("pipe2() failed");
  }
  const int log =
      errors.empty() ? -1 : open(errors.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  pid_ = fork();
  if (pid_ == 0) Become(words, in, out, log);
  close(in[0]);
  close(out[1]);
  if (log >= 0) close(log);
  in_ = in[1];
  out_ = out[0];
  pending_.clear();
  if (pid_ < 0) return absl::InternalError(absl::StrCat(arguments[0], ": fork() failed"));
  return absl::OkStatus();
}

bool Child::Write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(in_, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void Child::CloseInput() {
  if (in_ >= 0) close(in_);
  in_ = -1;
}

Child::Read Child::ReadLine(std::chrono::milliseconds patience, std::string* line) {
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    if (const std::size_t newline = pending_.find('\n'); newline != std::string::npos) {
      *line = pending_.substr(0, newline);
      pending_.erase(0, newline + 1);
      return Read::kLine;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Read::kTimeout;
    pollfd waiting{out_, POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(left.count())) <= 0) continue;
    char bytes[65536];
    const ssize_t n = read(out_, bytes, sizeof(bytes));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Read::kEnd;
    pending_.append(bytes, static_cast<std::size_t>(n));
  }
}

int Child::Wait() {
  int status = 0;
  if (pid_ > 0) waitpid(pid_, &status, 0);
  pid_ = -1;
  Kill();
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Child::Kill() {
  CloseInput();
  if (out_ >= 0) close(out_);
  out_ = -1;
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace uffdsim
