#include "sim/conform/kernel/workers.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "sim/conform/kernel/agent.h"
#include "sim/conform/kernel/files.h"

namespace uffdsim {
namespace {

// Between two looks at operations that move: long enough to let them, short beside a system call's
// round trip through the session.
constexpr long kFirstPause = 50'000;  // nanoseconds
constexpr long kLongestPause = 2'000'000;

constexpr std::string_view kWaits[] = {"handle_userfault", "userfaultfd_event_wait_completion"};

// Until the cell's answer is there, at most `nanoseconds`.
void WaitFor(std::atomic<std::uint32_t>* done, long nanoseconds) {
  const timespec limit{0, nanoseconds};
  syscall(SYS_futex, done, FUTEX_WAIT, 0, &limit, nullptr, 0);
}

}  // namespace

bool Workers::Begin() {
  void* shared = mmap(nullptr, sizeof(Exchange), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  void* stacks = mmap(nullptr, kCells * kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (shared == MAP_FAILED || stacks == MAP_FAILED) return false;
  // Fresh memory is zero, which is how every member begins; nothing is written to the buffers.
  exchange_ = static_cast<Exchange*>(shared);
  stacks_ = static_cast<unsigned char*>(stacks);
  pids_.assign(kMostProcesses, 0);
  in_use_.assign(kCells, false);
  PrepareAgents({exchange_, stacks_});
  const pid_t first = fork();
  if (first < 0) return false;
  if (first == 0) RunAgent(0);
  pids_[0] = first;
  return true;
}

Workers::~Workers() {
  for (std::uint32_t p = 0; p < pids_.size(); ++p) {
    if (pids_[p] > 0) End(p);
  }
  if (exchange_ != nullptr) munmap(exchange_, sizeof(Exchange));
  if (stacks_ != nullptr) munmap(stacks_, kCells * kStackBytes);
}

void Workers::Adopt(std::uint32_t process, pid_t pid) { pids_[process] = pid; }

void Workers::End(std::uint32_t process) {
  kill(pids_[process], SIGKILL);
  waitpid(pids_[process], nullptr, 0);
  pids_[process] = 0;
  exchange_->doorbells[process].knock.store(0);
}

std::optional<Running> Workers::Start(std::uint32_t process, const Request& request) {
  const auto free = std::find(in_use_.begin(), in_use_.end(), false);
  if (free == in_use_.end()) return std::nullopt;
  *free = true;
  Running running;
  running.process = process;
  running.cell = static_cast<std::size_t>(free - in_use_.begin());
  Cell& cell = At(running.cell);
  cell.request = request;
  cell.answer = Answer{};
  cell.thread.store(0);
  cell.done.store(0);
  Doorbell& bell = exchange_->doorbells[process];
  bell.knock.store(static_cast<std::uint32_t>(running.cell) + 1);
  syscall(SYS_futex, &bell.knock, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  return running;
}

void Workers::Release(const Running& running) {
  const Cell& cell = At(running.cell);
  // A child made by fork lives on its copy of this cell's stack: the cell is spent.
  const bool spent = cell.request.code == OpCode::k_fork && cell.answer.child != 0;
  if (!spent) in_use_[running.cell] = false;
}

bool Workers::Gone(std::uint32_t process) const {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pids_[process]), &info, WEXITED | WNOHANG | WNOWAIT) ==
             0 &&
         info.si_pid != 0;
}

void Workers::Look(Running* running) const {
  const Cell& cell = exchange_->cells[running->cell];
  if (cell.done.load() != 0 && cell.alive.load() == 0) {
    running->state = Running::State::kEnded;
    return;
  }
  running->state = Running::State::kMoving;
  if (!Alive(running->process) || Gone(running->process)) {
    running->state = Running::State::kDied;
    return;
  }
  const std::uint32_t thread = cell.thread.load();
  if (thread == 0 || cell.done.load() != 0) return;
  const std::string channel = ReadWhole("/proc/" + std::to_string(Pid(running->process)) +
                                        "/task/" + std::to_string(thread) + "/wchan");
  for (const std::string_view wait : kWaits) {
    if (channel.compare(0, wait.size(), wait) != 0) continue;
    running->state = Running::State::kAsleep;
    running->asleep_in = wait;
  }
}

bool Workers::Settle(const std::vector<Running*>& running) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  long pause = kFirstPause;
  // Who was seen asleep may have been woken by somebody seen later: two equal looks in a row.
  for (int calm = 0; calm < 2;) {
    bool changed = false;
    Running* moving = nullptr;
    for (Running* r : running) {
      const Running::State before = r->state;
      if (before == Running::State::kEnded || before == Running::State::kDied) continue;
      Look(r);
      changed |= r->state != before;
      if (r->state == Running::State::kMoving) moving = r;
    }
    calm = moving == nullptr && !changed ? calm + 1 : 0;
    if (moving == nullptr) continue;
    if (std::chrono::steady_clock::now() > end) return false;
    WaitFor(&At(moving->cell).done, pause);
    if (At(moving->cell).done.load() != 0) sched_yield();
    pause = std::min(pause * 2, kLongestPause);
  }
  return true;
}

bool Workers::Ask(std::uint32_t process, const Request& request, Answer* answer,
                  std::vector<unsigned char>* bytes, const std::string& text) {
  const auto free = std::find(in_use_.begin(), in_use_.end(), false);
  if (free == in_use_.end()) return false;
  const auto index = static_cast<std::size_t>(free - in_use_.begin());
  if (!text.empty()) std::memcpy(At(index).buffer, text.c_str(), text.size() + 1);
  auto running = Start(process, request);
  if (!running || !Settle({&*running})) return false;
  if (running->state != Running::State::kEnded) return false;
  const Cell& cell = At(running->cell);
  *answer = cell.answer;
  if (bytes != nullptr) bytes->assign(cell.buffer, cell.buffer + bytes->size());
  Release(*running);
  return true;
}

}  // namespace uffdsim
