#include "sim/scenario/executor.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/path/mm_lock.h"
#include "sim/scenario/outcomes.h"
#include "sim/scenario/syntax.h"
#include "sim/scenario/translate.h"

namespace uffdsim {
namespace {

// The tag of operations that no line of the scenario stands for.
constexpr std::uint64_t kInternal = ~std::uint64_t{0};
// Who holds the descriptors of a child whose fork sleeps: this and the operation's number.
constexpr std::uint32_t kComing = 1U << 16;

}  // namespace

Executor::Executor(const MachineConfig& config, const Scenario& scenario)
    : machine_(config), names_(std::uint64_t{1} << config.arch->geometry().page_shift) {
  names_.Learn(scenario);
  machine_.world().choices = &choices_;
}

Record Executor::Execute(const Statement& statement, int line) {
  Record record;
  record.index = next_index_++;
  record.process = statement.process;
  record.code = statement.code;
  record.line = line;
  record.thread = statement.thread;
  record.outcome = Perform(statement, &record);
  bool current_ended = false;
  TakeResumed(&record, &current_ended);
  AutoResolve(&record);
  if (record.json.empty()) record.json = RecordJson(record, names_);
  return record;
}

Outcome Executor::Perform(const Statement& statement, Record* record) {
  if (!names_.Process(statement.process)) return BadOutcome("no proc");
  switch (statement.code) {
    case OpCode::k_observe: return Observe(statement, record);
    case OpCode::k_note: return OkOutcome();
    case OpCode::k_auto_resolve: {
      const std::pair entry(statement.process, names_.Context(statement.uffd));
      std::erase(auto_resolving_, entry);
      if ((statement.flags & kOpOn) != 0) auto_resolving_.push_back(entry);
      return OkOutcome();
    }
    case OpCode::k_step: return PerformStep(statement, record);
    case OpCode::k_choose: choices_.Arm(statement.text, statement.number); return OkOutcome();
    default: return PerformOnMachine(statement, record);
  }
}

Outcome Executor::PerformOnMachine(const Statement& statement, Record* record) {
  Operation op = ToOperation(statement, &names_);
  if (op.code == OpCode::k_uffd) return PerformUffd(statement, std::move(op));
  if (statement.Has(Role::kUffd) && !descriptors_.Has(statement.process, op.ctx)) {
    return ErrorOutcome(Errno::kEBADF);
  }
  if (MmLockBusy(machine_.world(), op.code)) return BadOutcome("a thread holds the mmap lock");
  if (!statement.thread.empty()) return PerformThread(statement, std::move(op), record);
  if (op.code == OpCode::k_close) return PerformClose(statement, op);
  if (op.code == OpCode::k_exit) return PerformExit(statement, std::move(op));
  if (op.code == OpCode::k_fork) return PerformFork(statement, std::move(op), record);
  if (statement.Has(Role::kTarget) && !names_.Process(statement.target)) {
    return BadOutcome("no proc");
  }
  Outcome outcome = op.code == OpCode::k_messages
                        ? ReadAllMessages([&] { return machine_.Perform(op, kInternal); })
                        : machine_.Perform(op, static_cast<std::uint64_t>(record->index));
  if (outcome.status == Outcome::Status::kBlocked) {
    sleepers_.push_back({*record, op, statement, {}});
    return outcome;
  }
  record->outcome = std::move(outcome);
  Finish(statement, op, {}, record);
  return std::move(record->outcome);
}

Outcome Executor::PerformUffd(const Statement& statement, Operation op) {
  // The machine numbers contexts in order of creation, those that fork makes included.
  op.ctx =
      CtxId(static_cast<std::uint16_t>(std::max<std::size_t>(machine_.world().contexts.size(), 1)));
  Outcome outcome = machine_.Perform(op, kInternal);
  if (outcome.status == Outcome::Status::kOk) {
    names_.BindContext(statement.uffd, op.ctx);
    descriptors_.Open(statement.process, op.ctx);
  }
  return outcome;
}

Outcome Executor::PerformClose(const Statement& statement, const Operation& op) {
  if (!descriptors_.Close(statement.process, op.ctx)) return OkOutcome();
  return machine_.Perform(op, kInternal);
}

Outcome Executor::PerformExit(const Statement& statement, Operation op) {
  const auto target = names_.Process(statement.target);
  if (!target) return BadOutcome("not alive");
  op.target = *target;
  Outcome outcome = machine_.Perform(op, kInternal);
  for (const Sleeper& s : sleepers_) {
    if (s.record.process != statement.target) continue;
    ForgetThread(s.record.index);
    CloseAll(ComingChild(s.record), op.process);
  }
  std::erase_if(sleepers_, [&](const Sleeper& s) { return s.record.process == statement.target; });
  names_.ForgetProcess(statement.target);
  // Descriptors are closed after the address space is gone, as in do_exit().
  CloseAll(statement.target, op.process);
  return outcome;
}

// A number that no living or coming process has: the scenario's own where possible.
MmId Executor::FreshProcess(std::uint32_t number) {
  const auto& mms = machine_.world().mms;
  const auto taken = [&](MmId mm) {
    const bool living = mm.value < mms.size() && mms[mm.value].alive;
    return living || std::any_of(sleepers_.begin(), sleepers_.end(), [&](const Sleeper& s) {
             return s.op.code == OpCode::k_fork && s.op.target == mm;
           });
  };
  constexpr std::size_t kBeyondNamed = 64;
  MmId fresh(static_cast<std::uint16_t>(number));
  if (taken(fresh)) fresh = MmId(static_cast<std::uint16_t>(std::max(mms.size(), kBeyondNamed)));
  while (taken(fresh)) ++fresh;
  return fresh;
}

Outcome Executor::PerformFork(const Statement& statement, Operation op, Record* record) {
  op.target = FreshProcess(statement.target);
  const std::vector<CtxId> inherited = descriptors_.Of(statement.process);
  Outcome outcome = machine_.Perform(op, static_cast<std::uint64_t>(record->index));
  if (outcome.status == Outcome::Status::kBlocked) {
    // copy_files() comes before copy_mm(), where fork waits for its message to be read.
    for (const CtxId ctx : inherited) descriptors_.Open(ComingChild(*record), ctx);
    sleepers_.push_back({*record, op, statement, inherited});
    return outcome;
  }
  record->outcome = std::move(outcome);
  Finish(statement, op, inherited, record);
  return std::move(record->outcome);
}

std::uint32_t Executor::ComingChild(const Record& record) {
  return kComing + static_cast<std::uint32_t>(record.index);
}

// A context is released with its last descriptor.
void Executor::CloseAll(std::uint32_t holder, MmId by) {
  for (const CtxId ctx : descriptors_.Of(holder)) {
    if (!descriptors_.Close(holder, ctx)) continue;
    Operation close;
    close.code = OpCode::k_close;
    close.process = by;
    close.ctx = ctx;
    machine_.Perform(close, kInternal);
  }
}

// What an operation that ended changes in the names, and the fields that need them.
void Executor::Finish(const Statement& statement, const Operation& op,
                      const std::vector<CtxId>& inherited, Record* record) {
  if (op.code == OpCode::k_messages) TakeMessages(statement.process, op.ctx, record);
  if (record->outcome.status != Outcome::Status::kOk) {
    return CloseAll(ComingChild(*record), op.process);
  }
  if (op.code == OpCode::k_mremap) {
    record->to = names_.Place((op.flags & kOpInPlace) != 0 ? op.start : op.start2);
  }
  if (op.code == OpCode::k_fork) {
    record->child = statement.target;
    names_.BindProcess(statement.target, op.target);
    for (const CtxId ctx : inherited) descriptors_.Open(statement.target, ctx);
    CloseAll(ComingChild(*record), op.process);
  }
}

void Executor::TakeMessages(std::uint32_t process, CtxId ctx, Record* record) {
  record->messages = namer_.Name(record->outcome.messages, ctx, names_,
                                 [&](const std::string& name, const Message& fork) {
                                   names_.BindContext(name, fork.child_ctx);
                                   descriptors_.Open(process, fork.child_ctx);
                                 });
}

void Executor::TakeResumed(Record* current, bool* current_ended) {
  for (Machine::Resumed& resumed : machine_.TakeResumed()) {
    const auto sleeper = std::find_if(sleepers_.begin(), sleepers_.end(), [&](const Sleeper& s) {
      return static_cast<std::uint64_t>(s.record.index) == resumed.tag;
    });
    if (sleeper == sleepers_.end()) continue;
    Sleeper ended = std::move(*sleeper);
    sleepers_.erase(sleeper);
    ForgetThread(ended.record.index);
    ended.record.outcome = std::move(resumed.outcome);
    Finish(ended.statement, ended.op, ended.inherited, &ended.record);
    if (ended.record.index == current->index) {
      current->outcome = std::move(ended.record.outcome);
      current->to = std::move(ended.record.to);
      current->child = ended.record.child;
      current->messages = std::move(ended.record.messages);
      *current_ended = true;
    } else {
      current->resumed.push_back(std::move(ended.record));
    }
  }
  SortResumed(&current->resumed);
}

// Reads and resolves until no message comes any more.
void Executor::AutoResolve(Record* current) {
  for (bool again = true; again;) {
    again = false;
    for (const auto& entry : auto_resolving_) {
      const auto process = names_.Process(entry.first);
      if (!process || !descriptors_.Has(entry.first, entry.second)) continue;
      Operation read;
      read.code = OpCode::k_messages;
      read.process = *process;
      read.ctx = entry.second;
      Record messages;
      messages.outcome = machine_.Perform(read, kInternal);
      TakeMessages(entry.first, entry.second, &messages);
      for (const NamedMessage& named : messages.messages) {
        again = true;
        if (named.message.type != Message::Type::kPagefault) continue;
        current->auto_resolved.push_back(Resolve(entry.first, entry.second, named.message));
      }
      bool current_ended = false;
      TakeResumed(current, &current_ended);
    }
  }
}

AutoResolved Executor::Resolve(std::uint32_t process, CtxId ctx, const Message& message) {
  const MmId mm = *names_.Process(process);
  const World& world = machine_.world();
  const unsigned shift = world.arch->geometry().page_shift;
  const MmId owner = world.ctx(ctx).mm;
  const Vma* vma = world.mm(owner).vmas.Find(Vpn(message.address >> shift));
  const bool huge = vma != nullptr && vma->Hugetlb();
  Resolution resolution = ResolutionOf(
      message, ctx, names_, names_.page_size() * (huge ? world.arch->geometry().PmdPages() : 1));
  resolution.op.process = mm;
  resolution.report.error = machine_.Perform(resolution.op, kInternal).error;
  return std::move(resolution.report);
}

UffdView Executor::ViewOf(CtxId ctx) const {
  const Context& context = machine_.world().ctx(ctx);
  UffdView view;
  view.ctx = ctx;
  view.total = context.faults.size();
  view.pending = static_cast<std::uint64_t>(
      std::count_if(context.faults.begin(), context.faults.end(),
                    [](const Context::Waiter& waiter) { return !waiter.read; }));
  view.features = context.features | (context.initialised ? kFeatureInitialised : 0);
  return view;
}

std::vector<ObservedProcess> Executor::Observed(const Observation& observation) const {
  std::vector<ObservedProcess> processes;
  for (const auto& entry : names_.processes()) {
    const auto view = std::find_if(observation.processes.begin(), observation.processes.end(),
                                   [&](const ProcessView& p) { return p.process == entry.second; });
    if (view == observation.processes.end()) continue;
    ObservedProcess process;
    process.number = entry.first;
    process.view = &*view;
    for (const CtxId ctx : descriptors_.Of(entry.first)) {
      process.uffds.push_back({names_.ContextName(ctx), ViewOf(ctx)});
    }
    processes.push_back(std::move(process));
  }
  return processes;
}

Outcome Executor::Observe(const Statement& statement, Record* record) {
  const Observation observation = machine_.Observe((statement.flags & kOpRaw) != 0);
  record->json = ObserveJson(record->index, statement, Observed(observation), names_);
  return OkOutcome();
}

}  // namespace uffdsim
