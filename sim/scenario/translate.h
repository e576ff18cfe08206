// Statements to Operations and back.
//
// Errors: ToOperation needs the process and the context to be bound in `names` (the runner sees to
// that); an unbound context becomes CtxId 0, which no descriptor refers to.
#pragma once

#include <span>

#include "model/op/operation.h"
#include "sim/scenario/names.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// New regions and files are given their slots. `fork`'s target stays for the caller to choose.
Operation ToOperation(const Statement& statement, Names* names);

// The statement whose translation is `op`. Addresses outside the slots of `names` take the names
// R1, R2, .. of new slots; files, contexts and processes are named by their numbers.
Statement ToStatement(const Operation& op, Names* names);

// A scenario with one line per operation: how an explorer writes down what it found.
Scenario ToScenario(std::span<const Operation> operations, std::uint64_t page_size);

}  // namespace uffdsim
