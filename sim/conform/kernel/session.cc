#include "sim/conform/kernel/session.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "sim/conform/kernel/answer.h"
#include "sim/scenario/observe.h"
#include "sim/scenario/outcomes.h"
#include "sim/scenario/syntax.h"
#include "sim/scenario/translate.h"

namespace uffdsim {
namespace {

constexpr int kHighestPriority = 90;  // of SCHED_FIFO; the kernel's own threads stand above

bool TakesFile(OpCode code) {
  return code == OpCode::k_ftruncate || code == OpCode::k_fallocate || code == OpCode::k_fread ||
         code == OpCode::k_fwrite;
}

bool IsMachineWide(OpCode code) {
  switch (code) {
    case OpCode::k_swapon:
    case OpCode::k_swapoff:
    case OpCode::k_drop_caches:
    case OpCode::k_compact:
    case OpCode::k_ksm:
    case OpCode::k_sysfs: return true;
    default: return false;
  }
}

bool IsMachineWide(const Statement& s) {
  return IsMachineWide(s.code) ||
         (s.code == OpCode::k_madvise &&
          (s.advice == Advice::kHwpoison || s.advice == Advice::kSoftOffline));
}

}  // namespace

KernelSession::KernelSession(const Scenario& scenario, std::uint64_t page_size, Control* control,
                             Looker* looker, WakeOrder order)
    : names_(page_size), control_(control), looker_(looker), order_(order) {
  names_.Learn(scenario);
}

Record KernelSession::Execute(const Statement& statement, int line) {
  Record record;
  record.index = next_index_++;
  record.process = statement.process;
  record.code = statement.code;
  record.line = line;
  record.outcome = Perform(statement, &record);
  SettleAll(nullptr, &record);
  AutoResolve(&record);
  SortResumed(&record.resumed);
  if (record.json.empty()) record.json = RecordJson(record, names_);
  return record;
}

Outcome KernelSession::Perform(const Statement& statement, Record* record) {
  if (!names_.Process(statement.process)) return BadOutcome("no proc");
  if (IsMachineWide(statement) && !control_->allowed()) {
    return BadOutcome("machine-wide; needs --allow-machine-wide");
  }
  if (!statement.thread.empty()) return BadOutcome("no system call does this: steps of a thread");
  switch (statement.code) {
    case OpCode::k_observe: return Observe(statement, record);
    case OpCode::k_note:
    case OpCode::k_quiesce: return OkOutcome();
    case OpCode::k_sleep:
      usleep(static_cast<useconds_t>(std::min<std::uint64_t>(statement.number, 60'000) * 1000));
      return OkOutcome();
    case OpCode::k_auto_resolve: {
      const std::pair entry(statement.process, names_.Context(statement.uffd));
      std::erase(auto_resolving_, entry);
      if ((statement.flags & kOpOn) != 0) auto_resolving_.push_back(entry);
      return OkOutcome();
    }
    default: break;
  }
  if (IsMachineWide(statement.code)) return control_->Perform(ToOperation(statement, &names_));
  return PerformInProcess(statement, record);
}

Outcome KernelSession::PerformInProcess(const Statement& statement, Record* record) {
  const Operation op = ToOperation(statement, &names_);
  if (op.code == OpCode::k_exit) return PerformExit(statement);
  if (op.code == OpCode::k_page_byte) return PerformPageByte(statement, op);
  if (statement.Has(Role::kTarget) && op.code != OpCode::k_fork &&
      !names_.Process(statement.target)) {
    return BadOutcome("no proc");
  }
  const bool coming = std::any_of(sleepers_.begin(), sleepers_.end(), [&](const Sleeper& sleeper) {
    return sleeper.op.code == OpCode::k_fork && sleeper.statement.target == statement.target;
  });
  if (op.code == OpCode::k_fork && (coming || names_.Process(statement.target))) {
    return BadOutcome("the process number is in use");
  }
  if (op.code == OpCode::k_memfd && files_.Has(op.file)) return BadOutcome("file exists");
  if (op.code == OpCode::k_messages) return PerformMessages(statement, record, op);
  return Run(statement, op, record);
}

// Above (or below) everybody who sleeps now, so that an operation ends before those that it wakes
// go on. The scanner of NUMA balancing only looks at what the fair scheduler runs.
int KernelSession::PriorityOf(OpCode code) const {
  if (code == OpCode::k_spin) return 0;
  int highest = 0;
  int lowest = kHighestPriority;
  for (const Sleeper& sleeper : sleepers_) {
    highest = std::max(highest, sleeper.priority);
    if (sleeper.priority != 0) lowest = std::min(lowest, sleeper.priority);
  }
  return order_ == WakeOrder::kNewestFirst ? std::min(highest + 1, kHighestPriority)
                                           : std::max(lowest - 1, 1);
}

Request KernelSession::RequestOf(const Statement& statement, const Operation& op) {
  Request r;
  r.code = op.code;
  r.start = op.start;
  r.length = op.length;
  r.start2 = op.start2;
  r.length2 = op.length2;
  r.value = op.value;
  r.mode = op.mode;
  r.features = op.features;
  r.disable = op.disable;
  r.api = op.api;
  r.flags = op.flags;
  r.prot = op.prot;
  r.map_kind = op.map_kind;
  r.advice = op.advice;
  r.copy_from_memory = op.copy_from_memory;
  r.scan = op.scan;
  r.page_size = names_.page_size();
  const std::uint32_t process = statement.process;
  if (statement.Has(Role::kUffd)) {
    r.descriptor = holders_.Find(process, Holders::Kind::kUffd, op.ctx.value);
  } else if (TakesFile(op.code) || (op.code == OpCode::k_map && statement.Has(Role::kFile))) {
    r.descriptor = FileOf(process, op.file);
  } else if (op.code == OpCode::k_unpin) {
    r.descriptor = holders_.Find(process, Holders::Kind::kRing, op.pin);
    r.last_holder = holders_.OnlyHolder(process, Holders::Kind::kRing, op.pin);
  }
  r.target = static_cast<int>(statement.target);
  r.priority = PriorityOf(op.code);
  if (op.code == OpCode::k_gup_read || op.code == OpCode::k_gup_write) {
    r.target = workers_.Pid(statement.Has(Role::kTarget) ? statement.target : process);
  }
  return r;
}

// A file that another process made is opened through the session's own descriptor of it.
int KernelSession::FileOf(std::uint32_t process, FileId file) {
  const int known = holders_.Find(process, Holders::Kind::kFile, file.value);
  if (known >= 0 || !files_.Has(file)) return known;
  Request request;
  request.open_path = true;
  Answer answer;
  if (!workers_.Ask(process, request, &answer, nullptr, files_.PathOf(file))) return -1;
  if (answer.descriptor >= 0) {
    holders_.Open(process, Holders::Kind::kFile, file.value, answer.descriptor);
  }
  return answer.descriptor;
}

Outcome KernelSession::Run(const Statement& statement, const Operation& op, Record* record) {
  const Holders::Table inherited =
      op.code == OpCode::k_fork ? holders_.Of(statement.process) : Holders::Table{};
  const Request request = RequestOf(statement, op);
  auto running = workers_.Start(statement.process, request);
  if (!running) return BadOutcome("too many operations sleep");
  SettleAll(&*running, record);
  Outcome outcome;
  switch (running->state) {
    case Running::State::kAsleep:
      outcome.status = Outcome::Status::kBlocked;
      outcome.blocked_in = running->asleep_in;
      sleepers_.push_back({*record, op, statement, *running, inherited, request.priority});
      return outcome;
    case Running::State::kDied:
      outcome.status = Outcome::Status::kDied;
      names_.ForgetProcess(statement.process);
      holders_.Forget(statement.process);
      workers_.End(statement.process);
      return outcome;
    case Running::State::kMoving:
      stuck_ = true;
      return BadOutcome("neither ends nor sleeps in a userfaultfd wait");
    case Running::State::kEnded: break;
  }
  const Cell& cell = workers_.At(running->cell);
  record->outcome = OutcomeOf(cell);
  if (cell.answer.descriptor >= 0) TakeOpened(statement, op, cell.answer.descriptor);
  if (op.code == OpCode::k_fork && cell.answer.child != 0) {
    workers_.Adopt(statement.target, cell.answer.child);
  }
  workers_.Release(*running);
  Finish(statement, op, inherited, record);
  return std::move(record->outcome);
}

void KernelSession::TakeOpened(const Statement& statement, const Operation& op, int descriptor) {
  switch (op.code) {
    case OpCode::k_uffd: {
      const CtxId ctx(next_context_++);
      names_.BindContext(statement.uffd, ctx);
      holders_.Open(statement.process, Holders::Kind::kUffd, ctx.value, descriptor);
      break;
    }
    case OpCode::k_memfd:
      holders_.Open(statement.process, Holders::Kind::kFile, op.file.value, descriptor);
      files_.Keep(op.file, workers_.Pid(statement.process), descriptor);
      break;
    case OpCode::k_pin:
      holders_.Open(statement.process, Holders::Kind::kRing, op.pin, descriptor);
      break;
    default: break;
  }
}

// What an operation that ended changes in the names, and the fields that need them.
void KernelSession::Finish(const Statement& statement, const Operation& op,
                           const Holders::Table& inherited, Record* record) {
  if (record->outcome.status != Outcome::Status::kOk) return;
  switch (op.code) {
    case OpCode::k_close:
      holders_.Close(statement.process, Holders::Kind::kUffd,
                     holders_.Find(statement.process, Holders::Kind::kUffd, op.ctx.value));
      break;
    case OpCode::k_unpin:
      holders_.Close(statement.process, Holders::Kind::kRing,
                     holders_.Find(statement.process, Holders::Kind::kRing, op.pin));
      break;
    case OpCode::k_mremap:
      record->to = names_.Place((op.flags & kOpInPlace) != 0 ? op.start : op.start2);
      break;
    case OpCode::k_fork:
      record->child = statement.target;
      names_.BindProcess(statement.target, MmId(static_cast<std::uint16_t>(statement.target)));
      holders_.Inherit(statement.target, inherited);
      break;
    default: break;
  }
}

Outcome KernelSession::PerformMessages(const Statement& statement, Record* record,
                                       const Operation& op) {
  record->outcome = ReadAllMessages([&] { return Run(statement, op, record); });
  TakeMessages(statement.process, op.ctx, record);
  return std::move(record->outcome);
}

Outcome KernelSession::PerformExit(const Statement& statement) {
  const std::uint32_t target = statement.target;
  if (!names_.Process(target)) return BadOutcome("not alive");
  // A ring that goes with its process is taken down by a worker, some time later.
  for (const Holders::Row& row : holders_.Of(target)) {
    if (row.kind != Holders::Kind::kRing ||
        !holders_.OnlyHolder(target, Holders::Kind::kRing, row.id)) {
      continue;
    }
    Request unpin;
    unpin.code = OpCode::k_unpin;
    unpin.descriptor = row.descriptor;
    unpin.last_holder = true;
    Answer answer;
    workers_.Ask(target, unpin, &answer);
  }
  workers_.End(target);
  for (const Sleeper& sleeper : sleepers_) {
    if (sleeper.record.process == target) workers_.Release(sleeper.running);
  }
  std::erase_if(sleepers_, [&](const Sleeper& s) { return s.record.process == target; });
  names_.ForgetProcess(target);
  holders_.Forget(target);
  return OkOutcome();
}

Outcome KernelSession::PerformPageByte(const Statement& statement, const Operation& op) {
  Outcome outcome;
  std::string why;
  if (!looker_->PageBytes(workers_.Pid(statement.process), op.start, op.length, &outcome.values,
                          &why)) {
    return BadOutcome(why);
  }
  return outcome;
}

void KernelSession::TakeMessages(std::uint32_t process, CtxId ctx, Record* record) {
  record->messages = namer_.Name(
      record->outcome.messages, ctx, names_, [&](const std::string& name, const Message& fork) {
        const CtxId child(next_context_++);
        names_.BindContext(name, child);
        holders_.Open(process, Holders::Kind::kUffd, child.value, static_cast<int>(fork.flags));
      });
}

// Waits until nothing moves, and moves operations that ended into `current`.
void KernelSession::SettleAll(Running* fresh, Record* current) {
  std::vector<Running*> all;
  for (Sleeper& sleeper : sleepers_) all.push_back(&sleeper.running);
  if (fresh != nullptr) all.push_back(fresh);
  if (all.empty() || stuck_) return;
  stuck_ |= !workers_.Settle(all);
  std::vector<Sleeper> still;
  for (Sleeper& sleeper : sleepers_) {
    if (sleeper.running.state != Running::State::kEnded) {
      still.push_back(std::move(sleeper));
      continue;
    }
    const Cell& cell = workers_.At(sleeper.running.cell);
    sleeper.record.outcome = OutcomeOf(cell);
    if (cell.answer.descriptor >= 0) {
      TakeOpened(sleeper.statement, sleeper.op, cell.answer.descriptor);
    }
    if (sleeper.op.code == OpCode::k_fork && cell.answer.child != 0) {
      workers_.Adopt(sleeper.statement.target, cell.answer.child);
    }
    workers_.Release(sleeper.running);
    Finish(sleeper.statement, sleeper.op, sleeper.inherited, &sleeper.record);
    TakeEnded(std::move(sleeper.record), current);
  }
  sleepers_ = std::move(still);
}

void KernelSession::TakeEnded(Record ended, Record* current) {
  if (ended.index != current->index || ended.code != current->code) {
    current->resumed.push_back(std::move(ended));
    return;
  }
  // auto_resolve let it go on before anybody saw it sleep.
  current->outcome = std::move(ended.outcome);
  current->to = std::move(ended.to);
  current->child = ended.child;
}

Outcome KernelSession::Observe(const Statement& statement, Record* record) {
  std::vector<ProcessView> views;
  std::vector<ObservedProcess> processes;
  // Page tables that cannot be read are left out; the first line of the records says so.
  const bool raw =
      (statement.flags & kOpRaw) != 0 && looker_->Lacks().find("page") == std::string::npos;
  Statement shown = statement;
  if (!raw) shown.flags &= ~static_cast<std::uint32_t>(kOpRaw);
  views.reserve(names_.processes().size());
  for (const auto& [number, mm] : names_.processes()) {
    ProcessView view;
    std::string why;
    if (!looker_->Look(&workers_, number, names_, raw, &view, &why)) return BadOutcome(why);
    view.process = mm;
    views.push_back(std::move(view));
    ObservedProcess process;
    process.number = number;
    process.view = &views.back();
    for (const Holders::Row& row : holders_.Of(number)) {
      if (row.kind != Holders::Kind::kUffd) continue;
      const CtxId ctx(static_cast<std::uint16_t>(row.id));
      process.uffds.push_back(
          {names_.ContextName(ctx), looker_->LookAtUffd(workers_.Pid(number), row.descriptor)});
    }
    processes.push_back(std::move(process));
  }
  record->json = ObserveJson(record->index, shown, processes, names_);
  return OkOutcome();
}

}  // namespace uffdsim
