#include "sim/conform/forked.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace uffdsim {

bool WriteAll(int file, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = write(file, text.data() + done, text.size() - done);
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

absl::StatusOr<Forked> RunForked(const std::function<int(int out)>& work,
                                 unsigned seconds_at_most) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::InternalError("pipe2() failed");
  const pid_t child = fork();
  if (child < 0) return absl::InternalError("fork() failed");
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    alarm(seconds_at_most);
    _exit(work(ends[1]));
  }
  close(ends[1]);
  Forked result;
  char bytes[65536];
  for (ssize_t n = 0; (n = read(ends[0], bytes, sizeof(bytes))) > 0;) {
    result.output.append(bytes, static_cast<std::size_t>(n));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace uffdsim
