#include "sim/conform/kernel/agent.h"

#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <climits>

#include "sim/conform/kernel/perform.h"
#include "sim/conform/kernel/raw_call.h"

namespace uffdsim {
namespace {

constexpr int kLostAgent = 99;  // exit code: a fault outside of any operation

AgentSetting g_setting;  // written once, before the first process under test exists

void Wake(std::atomic<std::uint32_t>* word) {
  RawCall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void Complete(Cell* cell) {
  cell->done.store(1);
  Wake(&cell->done);
}

// The cell on whose stack this thread runs.
Cell* CellOfStack() {
  const char here = 0;
  const auto* sp = reinterpret_cast<const unsigned char*>(&here);
  if (sp < g_setting.stacks || sp >= g_setting.stacks + kCells * kStackBytes) return nullptr;
  const auto index = static_cast<std::size_t>(sp - g_setting.stacks) / kStackBytes;
  return &g_setting.exchange->cells[index];
}

// An access that may not be: the operation ends here, with the pages that it did before.
void OnFault(int signal, siginfo_t* info, void*) {
  Cell* cell = CellOfStack();
  if (cell == nullptr || cell->done.load() != 0) EndProcess(kLostAgent);
  Answer& answer = cell->answer;
  answer.kind = Answer::Kind::kSignal;
  answer.signal = signal;
  answer.signal_code = info->si_code;
  answer.signal_address = reinterpret_cast<std::uint64_t>(info->si_addr);
  Complete(cell);
  EndThread();
}

void RunCell(void* argument) {
  Cell* cell = static_cast<Cell*>(argument);
  cell->thread.store(static_cast<std::uint32_t>(RawCall(SYS_gettid)));
  if (cell->request.priority > 0) {
    const sched_param priority{cell->request.priority};
    RawCall(SYS_sched_setscheduler, 0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority);
  }
  Perform(cell);
  Complete(cell);
  EndThread();
}

}  // namespace

void* StackTop(std::size_t cell) { return g_setting.stacks + (cell + 1) * kStackBytes; }

void PrepareAgents(const AgentSetting& setting) {
  g_setting = setting;
  struct sigaction action {};
  action.sa_sigaction = &OnFault;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGBUS, &action, nullptr);
}

void RunAgent(std::size_t number) {
  // Whoever started the session may be killed; nobody is left behind then.
  RawCall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  Doorbell& bell = g_setting.exchange->doorbells[number];
  for (;;) {
    const std::uint32_t knock = bell.knock.exchange(0);
    if (knock == 0) {
      RawCall(SYS_futex, &bell.knock, FUTEX_WAIT, 0, nullptr, nullptr, 0);
      continue;
    }
    const std::size_t index = knock - 1;
    Cell& cell = g_setting.exchange->cells[index];
    cell.alive.store(1);
    const std::int64_t thread = StartBareThread(StackTop(index), &RunCell, &cell, &cell.alive);
    if (thread < 0) {
      cell.alive.store(0);
      cell.answer.kind = Answer::Kind::kBad;
      cell.answer.reason = "no thread";
      Complete(&cell);
    }
  }
}

}  // namespace uffdsim
