// Runs a scenario's operations on one machine, one after the other, and keeps the names.
//
// Mirrors: the executor that made the recordings: each operation in a thread of its own; one that
//          sleeps is reported `blocked` and looked at again after every later operation.
// Some operations live here, not in the machine: observe, note, auto_resolve, step, choose, the
// order of messages, and who holds which descriptor. Owned by: the caller. Errors: none; the
// scenario was parsed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/machine/machine.h"
#include "sim/scenario/descriptors.h"
#include "sim/scenario/messages.h"
#include "sim/scenario/names.h"
#include "sim/scenario/observe.h"
#include "sim/scenario/record.h"
#include "sim/scenario/scripted_choices.h"

namespace uffdsim {

class Executor {
 public:
  Executor(const MachineConfig& config, const Scenario& scenario);
  Executor(const Executor&) = delete;  // the machine asks `choices_`
  Executor& operator=(const Executor&) = delete;

  // Performs the next operation. `line` is its line in the scenario's text.
  Record Execute(const Statement& statement, int line);

  Machine& machine() { return machine_; }
  Names& names() { return names_; }
  const Machine& machine() const { return machine_; }
  const Names& names() const { return names_; }
  int operations() const { return next_index_; }

 private:
  // An operation that sleeps, and what finishing it will do.
  struct Sleeper {
    Record record;
    Operation op;
    Statement statement;
    std::vector<CtxId> inherited;  // fork: the child's descriptors
  };

  // `thread T`: an operation that goes on by `step` only.
  struct Thread {
    std::string name;
    TaskId task{};
    int index = 0;  // of its sleeper
  };

  Outcome Perform(const Statement& statement, Record* record);
  Outcome PerformOnMachine(const Statement& statement, Record* record);
  Outcome PerformUffd(const Statement& statement, Operation op);
  Outcome PerformThread(const Statement& statement, Operation op, Record* record);
  Outcome PerformStep(const Statement& statement, Record* record);
  void ForgetThread(int index);
  Thread* FindThread(const std::string& name);
  std::string WhereIs(TaskId task) const;
  Outcome PerformClose(const Statement& statement, const Operation& op);
  Outcome PerformExit(const Statement& statement, Operation op);
  Outcome PerformFork(const Statement& statement, Operation op, Record* record);
  Outcome Observe(const Statement& statement, Record* record);
  static std::uint32_t ComingChild(const Record& record);
  void CloseAll(std::uint32_t holder, MmId by);
  void Finish(const Statement& statement, const Operation& op, const std::vector<CtxId>& inherited,
              Record* record);
  void TakeMessages(std::uint32_t process, CtxId ctx, Record* record);
  void TakeResumed(Record* current, bool* current_ended);
  void AutoResolve(Record* current);
  AutoResolved Resolve(std::uint32_t process, CtxId ctx, const Message& message);
  std::vector<ObservedProcess> Observed(const Observation& observation) const;
  UffdView ViewOf(CtxId ctx) const;
  MmId FreshProcess(std::uint32_t number);

  Machine machine_;
  Names names_;
  Descriptors descriptors_;
  ScriptedChoices choices_;
  std::vector<Sleeper> sleepers_;  // by index
  std::vector<Thread> threads_;    // by index
  std::vector<std::pair<std::uint32_t, CtxId>> auto_resolving_;
  MessageNamer namer_;
  int next_index_ = 0;
};

}  // namespace uffdsim
