// One operation, performed with real system calls by the thread that runs it.
//
// Rules:   nothing here allocates, locks or touches thread-local storage (see raw_call.h); an
// access that
//          faults never comes back, so progress is kept in the answer as it is made.
// Errors:  in the answer. Each Do* performs one family; Perform() chooses.
#pragma once

#include "sim/conform/kernel/exchange.h"

namespace uffdsim {

void Perform(Cell* cell);

void DoMemory(Cell* cell);   // map .. madvise, migrate, mbind, clear_refs
void DoFile(Cell* cell);     // memfd .. fwrite
void DoAccess(Cell* cell);   // read, write, add, and the kernel's own ways to memory
void DoUffd(Cell* cell);     // uffd .. messages
void DoScan(Cell* cell);     // PAGEMAP_SCAN
void DoPin(Cell* cell);      // pin, unpin
void DoFork(Cell* cell);     // fork; does not return in the child
void DoMincore(Cell* cell);  // for observations

// --- how answers are made ---
// A call that answers 0 or -errno.
void AnswerCall(Cell* cell, std::int64_t result, const char* call = "");
void AnswerError(Cell* cell, std::int64_t negative_errno, const char* call = "");
void AnswerCount(Cell* cell, std::int64_t count);
void AnswerBad(Cell* cell, const char* reason);

}  // namespace uffdsim
