#include "sim/conform/kernel/guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "sim/conform/kernel/files.h"
#include "sim/conform/kernel/play.h"

namespace uffdsim {
namespace {

constexpr char kPortName[] = "uffdsim";
constexpr int kPortTries = 500;  // 10 ms apart
constexpr int kCannotRun = 127;

[[noreturn]] void PowerOff(const char* why) {
  std::printf("uffdsim-kernel: %s\n", why);
  std::fflush(stdout);
  reboot(RB_POWER_OFF);
  for (;;) pause();
}

void MountAll() {
  struct Place {
    const char* type;
    const char* path;
  };
  constexpr Place kPlaces[] = {{"proc", "/proc"},
                               {"sysfs", "/sys"},
                               {"devtmpfs", "/dev"},
                               {"debugfs", "/sys/kernel/debug"},
                               {"tmpfs", "/var/tmp"}};
  for (const Place& place : kPlaces) {
    mkdir(place.path, 0755);
    mount(place.type, place.path, place.type, 0, nullptr);
  }
  const int console = open("/dev/console", O_RDWR);
  for (int stream = 0; stream < 3; ++stream) dup2(console, stream);
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  DIR* open_folder = opendir(folder.c_str());
  if (open_folder == nullptr) return names;
  for (const dirent* entry = readdir(open_folder); entry != nullptr; entry = readdir(open_folder)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(open_folder);
  std::sort(names.begin(), names.end());
  return names;
}

// The host numbered them in the order of their dependencies.
void LoadModules() {
  for (const std::string& name : NamesIn("/modules")) {
    const int file = open(("/modules/" + name).c_str(), O_RDONLY | O_CLOEXEC);
    if (syscall(SYS_finit_module, file, "", 0) != 0) std::perror(name.c_str());
    close(file);
  }
}

int OpenPort() {
  for (int i = 0; i < kPortTries; ++i) {
    for (const std::string& port : NamesIn("/sys/class/virtio-ports")) {
      const std::string name = Trimmed(ReadWhole("/sys/class/virtio-ports/" + port + "/name"));
      if (name != kPortName) continue;
      const int file = open(("/dev/" + port).c_str(), O_RDWR | O_CLOEXEC);
      if (file >= 0) return file;
    }
    usleep(10'000);
  }
  return -1;
}

void Send(int port, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = write(port, text.data() + done, text.size() - done);
    if (n > 0) done += static_cast<std::size_t>(n);
    if (n <= 0) usleep(1000);
  }
}

// Until `size` bytes or, with size 0, a whole line. The host never closes the port.
std::string Receive(int port, std::size_t size) {
  std::string text;
  while (size == 0 ? (text.empty() || text.back() != '\n') : text.size() < size) {
    char bytes[4096];
    const std::size_t wanted = size == 0 ? 1 : std::min(sizeof(bytes), size - text.size());
    const ssize_t n = read(port, bytes, wanted);
    if (n > 0) text.append(bytes, static_cast<std::size_t>(n));
    if (n <= 0) usleep(1000);
  }
  return text;
}

// Its output goes to the host as it comes.
int RunProgramFile(int port, const std::string& path) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return kCannotRun;
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    execl(path.c_str(), path.c_str(), "/dev/zram0", static_cast<char*>(nullptr));
    _exit(kCannotRun);
  }
  close(ends[1]);
  char bytes[4096];
  for (ssize_t n = 0; (n = read(ends[0], bytes, sizeof(bytes))) > 0;) {
    Send(port, std::string(bytes, static_cast<std::size_t>(n)));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A static program that the host sent. Behind it swap goes off, as behind a scenario, also when the
// program was killed.
int ReceiveProgram(int port, std::size_t size) {
  const std::string path = "/var/tmp/program";
  const std::string image = Receive(port, size);
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  std::size_t done = 0;
  for (ssize_t n = 1; n > 0 && done < image.size(); done += static_cast<std::size_t>(n)) {
    n = std::max<ssize_t>(0, write(file, image.data() + done, image.size() - done));
  }
  close(file);
  const int code = done == image.size() ? RunProgramFile(port, path) : kCannotRun;
  unlink(path.c_str());
  swapoff("/dev/zram0");
  return code;
}

// In a process of its own, so that whatever happens to it is over when it ends.
int PlayInChild(int port, const std::string& name, const std::string& text, WakeOrder order,
                Looker* looker) {
  const pid_t child = fork();
  if (child == 0) {
    PlaySettings settings;
    settings.allow_machine_wide = true;
    settings.order = order;
    settings.on_line = [port](const std::string& line) { Send(port, line + "\n"); };
    _exit(Play(name, text, settings, looker));
  }
  int status = 0;
  waitpid(child, &status, 0);
  // What it left behind came to us.
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

void RunGuest() {
  MountAll();
  LoadModules();
  WriteWhole("/sys/block/zram0/disksize", "268435456");
  const int port = OpenPort();
  if (port < 0) PowerOff("no virtio port named uffdsim");
  // Symbols and types are read once; every child inherits them.
  Looker looker;
  looker.Lacks();
  utsname name{};
  uname(&name);
  Send(port, std::string("hello ") + name.release + "\n");
  for (;;) {
    const std::string command = Receive(port, 0);
    if (command.rfind("off", 0) == 0) PowerOff("asked to");
    char what[16] = "";
    char scenario[256] = "";
    char order[16] = "";
    std::size_t bytes = 0;
    if (std::sscanf(command.c_str(), "%15s %zu %15s %255s", what, &bytes, order, scenario) != 4) {
      Send(port, "done 2\n");
      continue;
    }
    if (std::string(what) == "program") {
      Send(port, "done " + std::to_string(ReceiveProgram(port, bytes)) + "\n");
      continue;
    }
    const std::string text = bytes == 0 ? "" : Receive(port, bytes);
    const int code = PlayInChild(
        port, scenario, text,
        std::string(order) == "oldest" ? WakeOrder::kOldestFirst : WakeOrder::kNewestFirst,
        &looker);
    Send(port, "done " + std::to_string(code) + "\n");
  }
}

}  // namespace uffdsim
