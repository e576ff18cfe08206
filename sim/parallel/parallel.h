// Independent pieces of work on several threads.
//
// Rules:   pieces are taken in ascending order, each exactly once, by whichever thread is free;
//          what a piece computes must not depend on the others. `done` is called after each piece
//          by the thread that ran it, one call at a time. Returning false from `done` ends the run
//          early: pieces that have begun are finished, none is begun after.
// Owned by: the caller waits, so references into its frame are safe. Errors: none of its own.
#pragma once

#include <cstddef>
#include <functional>

namespace uffdsim {

// `threads` of at least 1; one thread means the caller's own.
void RunParallel(std::size_t pieces, unsigned threads,
                 const std::function<void(std::size_t piece)>& run,
                 const std::function<bool(std::size_t piece)>& done);

// Cores of this machine, at least 1.
unsigned HardwareThreads();

}  // namespace uffdsim
