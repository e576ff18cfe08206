// The referee beside a run: what each operation broke.
//
// Owned by: the runner; the executor must outlive it. Costs what the referee costs, so only on
// demand.
#pragma once

#include <optional>

#include "model/machine/abstraction.h"
#include "model/spec/referee.h"
#include "sim/scenario/executor.h"

namespace uffdsim {

class Checker {
 public:
  // Listens to the executor's machine from now on.
  Checker(Executor* executor, Referee::Strictness strictness);

  // Call after an operation: adds to its record, and to its JSON line, what the referee found in
  // it.
  void After(const Statement& statement, Record* record);

  // What changed the page last that an operation speaks of; nothing when it speaks of none.
  std::optional<PageChange> LastChange(const Statement& statement);

  const Referee& referee() const { return referee_; }

 private:
  Executor* executor_;
  WorldView view_;
  Referee referee_;
  std::size_t reported_ = 0;
};

}  // namespace uffdsim
