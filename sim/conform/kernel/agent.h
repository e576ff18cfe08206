// A process under test: waits at its doorbell and runs each operation in a bare thread of its own.
//
// Mirrors:  nothing of the kernel. Owned by: the process; everything it needs was mapped by the
// session
//           before the first fork, at the same addresses everywhere.
// Errors:   none; a fault of an operation ends its thread and becomes its answer.
#pragma once

#include <cstddef>

#include "sim/conform/kernel/exchange.h"

namespace uffdsim {

// What every process under test inherits. `stacks`: kCells private stacks of kStackBytes.
struct AgentSetting {
  Exchange* exchange = nullptr;
  unsigned char* stacks = nullptr;
};

// Called once by the session: signal handlers and settings, inherited by every process.
void PrepareAgents(const AgentSetting& setting);

// The life of process `number`; never returns.
[[noreturn]] void RunAgent(std::size_t number);

// Where the thread of `cell` has its stack's upper end.
void* StackTop(std::size_t cell);

}  // namespace uffdsim
