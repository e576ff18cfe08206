#include "model/machine/machine.h"

#include "model/path/paths.h"
#include "model/path/start.h"
#include "model/uffd/world.h"

namespace uffdsim {
namespace {

using StartFn = void (*)(World&, Task&);

constexpr StartFn kStart[] = {
#define OPERATION(name, sentence) &Start_##name,
#include "model/op/operations.def"
#undef OPERATION
};

constexpr const char* kOperationNames[] = {
#define OPERATION(name, sentence) #name,
#include "model/op/operations.def"
#undef OPERATION
};

WorldConfig SettingsOf(const MachineConfig& config) {
  WorldConfig settings;
  settings.hugetlb_pages = config.hugetlb_pages;
  settings.gigantic_pages = config.gigantic_pages;
  settings.numa_nodes = config.numa_nodes;
  settings.vma_locks = config.vma_locks;
  settings.swap_pages = config.swap_bytes >> config.arch->geometry().page_shift;
  settings.content_mode = config.content_mode;
  settings.proc_mem_forces = config.proc_mem_forces;
  settings.caches_translations = config.caches_translations;
  return settings;
}

// Who runs next when nobody chooses: wait queues are stacks (__add_wait_queue() puts a sleeper at
// the head), so of several threads the one whose operation is the youngest is woken first.
Task* NewestRunnable(World& w) {
  Task* newest = nullptr;
  for (Task& t : w.tasks) {
    if (t.state == Task::State::kRunnable && !t.held && (newest == nullptr || t.tag > newest->tag))
      newest = &t;
  }
  return newest;
}

}  // namespace

Machine::Machine(const MachineConfig& config)
    : world_(std::make_unique<World>(*config.arch, SettingsOf(config))) {
  world_->steps = config.steps == nullptr ? CleanSteps() : config.steps;
}
Machine::Machine(const Machine& other)
    : world_(std::make_unique<World>(*other.world_)), resumed_(other.resumed_) {
  world_->listener = nullptr;
  world_->choices = nullptr;
}
Machine& Machine::operator=(const Machine& other) {
  Machine copy(other);
  std::swap(world_, copy.world_);
  std::swap(resumed_, copy.resumed_);
  return *this;
}
Machine::Machine(Machine&&) noexcept = default;
Machine& Machine::operator=(Machine&&) noexcept = default;
Machine::~Machine() = default;

TaskId Machine::Start(const Operation& op, std::uint64_t tag) {
  Task& t = NewTask(*world_, op.process);
  t.op = op;
  t.tag = tag;
  const TaskId id = t.id;
  if (world_->listener != nullptr) {
    // What an operation does before its first step, an ioctl all of it, is reported under its name.
    world_->listener->OnStep(id, kOperationNames[static_cast<std::size_t>(op.code)], "start");
  }
  kStart[static_cast<std::size_t>(op.code)](*world_, t);
  // The start may have made new tasks, and so moved the table.
  Task& started = world_->task(id);
  if (started.depth == 0) started.state = Task::State::kDone;
  return id;
}

void Machine::Settle(TaskId fresh) {
  World& w = *world_;
  // Who sleeps nowhere restarts its system call: once now, when something may have changed.
  for (Task& t : w.tasks) {
    const bool restarts = t.state == Task::State::kAsleep && t.sleep == Task::Sleep::kNone;
    if (restarts && t.id != fresh) t.state = Task::State::kRunnable;
  }
  for (Task* next = NewestRunnable(w); next != nullptr; next = NewestRunnable(w)) {
    RunTask(w, *next);
  }
  for (std::size_t i = 1; i < w.tasks.size(); ++i) {
    Task& t = w.tasks[i];
    if (t.state != Task::State::kDone || t.id == fresh) continue;
    resumed_.push_back({t.tag, t.op.process, std::move(t.outcome)});
    FreeTask(w, t.id);
  }
}

Outcome Machine::Perform(const Operation& op, std::uint64_t tag) {
  const TaskId id = Start(op, tag);
  // The new task first: what it wakes runs after it.
  RunTask(*world_, world_->task(id));
  Settle(id);
  Task& t = world_->task(id);
  if (t.state == Task::State::kAsleep) {
    Outcome blocked;
    blocked.status = Outcome::Status::kBlocked;
    blocked.blocked_in = SleepingIn(t);
    return blocked;
  }
  Outcome outcome = std::move(t.outcome);
  FreeTask(*world_, id);
  return outcome;
}

TaskId Machine::StartHeld(const Operation& op, std::uint64_t tag) {
  const TaskId id = Start(op, tag);
  world_->task(id).held = true;
  return id;
}

StepAt Machine::NextStep(TaskId id) const {
  const Task& t = world_->tasks[id.value];
  if (t.state == Task::State::kFree || t.depth == 0) return {};
  const Frame& frame = t.stack[t.depth - 1U];
  const Path& path = GetPath(frame.path);
  return {path.name, path.steps[frame.step].name};
}

const char* SleepingIn(const Task& t) {
  switch (t.sleep) {
    case Task::Sleep::kNone: return t.state == Task::State::kAsleep ? "restart_syscall" : "";
    case Task::Sleep::kUserfault: return "handle_userfault";
    case Task::Sleep::kEvent: return "userfaultfd_event_wait_completion";
    case Task::Sleep::kEndlessFault: return "handle_mm_fault";
    case Task::Sleep::kMigration: return "migration_entry_wait";
  }
  return "";
}

std::vector<Machine::Resumed> Machine::TakeResumed() { return std::exchange(resumed_, {}); }

}  // namespace uffdsim
