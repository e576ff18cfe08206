// The end of a process.
//
// Mirrors: do_exit(), exit_mmap() of mm/mmap.c. Descriptors are closed afterwards, by whoever keeps
// the
//          table of descriptors.
// Marker:  everything goes, markers included. Contexts of the address space stay, with a dead mm.
#include "model/path/exit.h"

#include <algorithm>

#include "model/path/ksm.h"
#include "model/path/pin.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/uffd_wait.h"
#include "model/path/zap.h"

namespace uffdsim {
namespace {

// A sleeping thread leaves the queues it is in; an event nobody read is withdrawn.
void LeaveQueues(World& w, TaskId task) {
  for (std::size_t c = 1; c < w.contexts.size(); ++c) {
    Context& ctx = w.contexts[c];
    std::erase_if(ctx.faults, [&](const Context::Waiter& waiter) { return waiter.task == task; });
    const std::size_t withdrawn = std::erase_if(
        ctx.events, [&](const Context::PendingEvent& event) { return event.task == task; });
    for (std::size_t i = 0; i < withdrawn; ++i)
      DropChanging(w, CtxId(static_cast<std::uint16_t>(c)));
  }
}

void KillThreads(World& w, MmId mm, TaskId except) {
  for (std::size_t i = 1; i < w.tasks.size(); ++i) {
    Task& t = w.tasks[i];
    const bool living = t.state == Task::State::kRunnable || t.state == Task::State::kAsleep;
    if (!living || t.mm != mm || t.id == except) continue;
    LeaveQueues(w, t.id);
    // What it had still to announce is not waited for any more.
    for (const Task::Announcement& event : t.announcements) DropChanging(w, event.ctx);
    t.announcements.clear();
    t.depth = 0;
    t.state = Task::State::kDone;
    t.outcome = Outcome{};
    t.outcome.status = Outcome::Status::kDied;
  }
}

// Children that a killed thread was still making: fork() fails and they are undone.
void UndoForks(World& w, MmId parent, const std::vector<MmId>& pending) {
  for (const MmId child : pending) {
    if (w.mm(child).alive && w.mm(child).parent == parent) DestroyMm(w, child);
  }
}

std::vector<MmId> PendingChildren(const World& w, MmId parent, TaskId except) {
  std::vector<MmId> children;
  for (const Task& t : w.tasks) {
    if (t.state != Task::State::kAsleep || t.mm != parent || t.id == except) continue;
    if (t.op.code == OpCode::k_fork) children.push_back(t.op.target);
  }
  return children;
}

}  // namespace

void DestroyMm(World& w, MmId id) {
  Mm& mm = w.mm(id);
  if (!mm.vmas.list().empty()) {
    UnmapRegion(w, id, mm.vmas.list().front().start, mm.vmas.list().back().end);
  }
  KsmExit(w, id);
  mm = Mm(*w.arch);
  DropPins(w, id);
}

void Start_exit(World& w, Task& t) {
  const MmId target = t.op.target;
  if (target.value >= w.mms.size() || !w.mm(target).alive) {
    Bad(t, "not alive");
    return;
  }
  const std::vector<MmId> pending = PendingChildren(w, target, t.id);
  KillThreads(w, target, t.id);
  UndoForks(w, target, pending);
  DestroyMm(w, target);
  Succeed(t);
}

}  // namespace uffdsim
