// Every state that a setting's letters can reach, breadth first, the referee at each.
//
// Level by level: workers reconstruct the states of a level from the letters that lead to them
// (siblings share the way), try every letter, and hand back what they had not seen; the results are
// merged in the order of (state, letter), so the outcome is the same for any number of threads.
// Violating states are reported and not left again. Counterexamples are shortest.
//
// Bounds: depth, states, transitions, memory of the visited set; all but depth are looked at
// between batches. Reaching none of them is closure: the
// statement "no violation" then holds for sequences of any length.
// Errors: bad input as a Status (set-up that fails, a resume directory of another exploration).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/explore/subject.h"

namespace uffdsim {

struct ExhaustiveOptions {
  std::uint32_t depth = 0;            // 0: until the space closes
  std::uint64_t states_max = 0;       // 0: no limit
  std::uint64_t transitions_max = 0;  // 0: no limit
  std::uint64_t memory = 0;           // bytes of bookkeeping; 0: no limit
  std::uint32_t threads = 1;
  std::string resume;            // directory that holds the progress; empty: none is kept
  bool every_invariant = false;  // go on after a violation until each invariant had its turn
  // Called now and then from the calling thread, with what is done so far.
  std::function<void(std::uint64_t states, std::uint64_t left, std::uint64_t transitions)> progress;
};

struct Counterexample {
  FoundViolation violation;
  std::vector<std::uint16_t> letters;  // from the root, the violating one last
};

struct ExhaustiveResult {
  enum class End : std::uint8_t {
    kClosed,
    kDepth,
    kStates,
    kTransitions,
    kMemory,
    kViolation,
  } end{};
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;         // operations performed and judged
  std::vector<std::uint64_t> levels;     // new states at each depth, the root's first
  std::vector<std::uint64_t> performed;  // by letter: in how many states somebody could issue it
  std::uint64_t bookkeeping = 0;         // bytes of the visited set at the end
  std::vector<Counterexample> found;     // at most one per invariant
};

// Letters that nobody could issue in any state that was expanded, as they are written.
std::vector<std::string> NeverPossible(const Setting& setting, const ExhaustiveResult& result);

absl::StatusOr<ExhaustiveResult> Exhaust(const Setting& setting, const ExhaustiveOptions& options);

}  // namespace uffdsim
