// One scenario on the real kernel: performs its operations and makes the same records as the model.
//
// Mirrors: sim/scenario/executor.h, its twin on the model. Each operation runs in a thread of its
// own
//          of its process; one that sleeps is reported `blocked` and looked at again after every
//          later operation.
// Owned by: the caller; one session at a time, in a process of its own. Errors: an operation that
// neither
//          ends nor sleeps makes `stuck` true, and nothing more can be done.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/conform/kernel/control.h"
#include "sim/conform/kernel/holders.h"
#include "sim/conform/kernel/kept_files.h"
#include "sim/conform/kernel/look.h"
#include "sim/conform/kernel/workers.h"
#include "sim/scenario/messages.h"
#include "sim/scenario/names.h"
#include "sim/scenario/record.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// Who runs first when several sleeping operations are woken at once. With one CPU and real-time
// priorities this is decided, not left to chance: kNewestFirst is what the model does. Records that
// differ under kOldestFirst depend on scheduling.
enum class WakeOrder : std::uint8_t { kNewestFirst, kOldestFirst };

class KernelSession {
 public:
  KernelSession(const Scenario& scenario, std::uint64_t page_size, Control* control, Looker* looker,
                WakeOrder order);

  bool Begin() { return workers_.Begin(); }
  Record Execute(const Statement& statement, int line);
  bool stuck() const { return stuck_; }

 private:
  struct Sleeper {
    Record record;
    Operation op;
    Statement statement;
    Running running;
    Holders::Table inherited;  // fork: what the child has open
    int priority = 0;
  };

  Outcome Perform(const Statement& statement, Record* record);
  Outcome PerformInProcess(const Statement& statement, Record* record);
  Outcome PerformMessages(const Statement& statement, Record* record, const Operation& op);
  Outcome PerformExit(const Statement& statement);
  Outcome PerformPageByte(const Statement& statement, const Operation& op);
  Outcome Observe(const Statement& statement, Record* record);
  // Runs one request of a process to its end or its sleep, with everything that it wakes.
  Outcome Run(const Statement& statement, const Operation& op, Record* record);
  void Finish(const Statement& statement, const Operation& op, const Holders::Table& inherited,
              Record* record);
  void TakeOpened(const Statement& statement, const Operation& op, int descriptor);
  void TakeMessages(std::uint32_t process, CtxId ctx, Record* record);
  void TakeEnded(Record ended, Record* current);
  void SettleAll(Running* fresh, Record* current);
  void AutoResolve(Record* current);
  AutoResolved Resolve(std::uint32_t process, CtxId ctx, const Message& message);
  bool BacksHugePages(std::uint32_t process, std::uint64_t address) const;
  Request RequestOf(const Statement& statement, const Operation& op);
  int PriorityOf(OpCode code) const;
  int FileOf(std::uint32_t process, FileId file);

  Workers workers_;
  Names names_;
  Holders holders_;
  KeptFiles files_;
  Control* control_;
  Looker* looker_;
  WakeOrder order_;
  std::vector<Sleeper> sleepers_;
  std::vector<std::pair<std::uint32_t, CtxId>> auto_resolving_;
  MessageNamer namer_;
  std::uint16_t next_context_ = 1;
  int next_index_ = 0;
  bool stuck_ = false;
};

}  // namespace uffdsim
