// `thread T OPERATION` and `step T`: operations that take their steps one by one.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/path/mm_lock.h"
#include "model/path/step.h"
#include "sim/scenario/executor.h"
#include "sim/scenario/outcomes.h"

namespace uffdsim {
namespace {

// A thread that takes more steps than this does not get anywhere.
constexpr std::uint64_t kMostSteps = 1'000'000;

}  // namespace

Executor::Thread* Executor::FindThread(const std::string& name) {
  const auto found = std::find_if(threads_.begin(), threads_.end(),
                                  [&](const Thread& thread) { return thread.name == name; });
  return found == threads_.end() ? nullptr : &*found;
}

void Executor::ForgetThread(int index) {
  std::erase_if(threads_, [&](const Thread& thread) { return thread.index == index; });
}

Outcome Executor::PerformThread(const Statement& statement, Operation op, Record* record) {
  if (FindThread(statement.thread) != nullptr) return BadOutcome("the thread is still there");
  std::vector<CtxId> inherited;
  if (op.code == OpCode::k_fork) {
    op.target = FreshProcess(statement.target);
    inherited = descriptors_.Of(statement.process);
  }
  const TaskId task = machine_.StartHeld(op, static_cast<std::uint64_t>(record->index));
  threads_.push_back({.name = statement.thread, .task = task, .index = record->index});
  Outcome outcome;
  outcome.status = Outcome::Status::kStarted;
  record->outcome = outcome;
  sleepers_.push_back({*record, std::move(op), statement, std::move(inherited)});
  machine_.Settle(TaskId(0));
  return outcome;
}

// Where a thread is: the step that comes next, or where it sleeps.
std::string Executor::WhereIs(TaskId task) const {
  const Task& t = machine_.world().tasks[task.value];
  if (t.state == Task::State::kAsleep) return absl::StrCat("asleep ", SleepingIn(t));
  const StepAt next = machine_.NextStep(task);
  if (next.path.empty()) return "done";
  return absl::StrCat(std::string(next.path), ".", std::string(next.step));
}

Outcome Executor::PerformStep(const Statement& statement, Record* record) {
  const Thread* thread = FindThread(statement.thread);
  if (thread == nullptr) return BadOutcome("no such thread");
  World& world = machine_.world();
  const TaskId task = thread->task;
  if (MmLockWriter(world).value_or(task) != task) return BadOutcome("a thread holds the mmap lock");
  const std::uint64_t most =
      statement.Has(Role::kSteps) && !statement.text.empty() ? kMostSteps : statement.number;
  std::uint64_t taken = 0;
  while (taken < most && world.task(task).state == Task::State::kRunnable) {
    if (statement.Has(Role::kUntil) && WhereIs(task) == statement.path) break;
    RunStep(world, world.task(task));
    ++taken;
  }
  record->next = WhereIs(task);
  machine_.Settle(TaskId(0));
  Outcome outcome = OkOutcome();
  outcome.ret = static_cast<std::int64_t>(taken);
  return outcome;
}

}  // namespace uffdsim
