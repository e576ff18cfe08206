// All schedules of a concurrent program's steps, or as many as a bound allows.
//
// Mirrors: Flanagan and Godefroid, "Dynamic Partial-Order Reduction" (POPL 2005); Musuvathi and
// Qadeer,
//          "Iterative Context Bounding" (PLDI 2007); Burckhardt et al., "A Randomized Scheduler
//          with Probabilistic Guarantees of Finding Bugs" (ASPLOS 2010), PCT.
//          Coons, Musuvathi and McKinley, "Bounded Partial-Order Reduction" (OOPSLA 2013).
// Deterministic: the result depends on the program and the options. Errors: InvalidArgument for a
// program or a machine that does not exist.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "sim/explore/interleave/session.h"

namespace uffdsim {

// What is left out because something equivalent is explored.
enum class Reduction : std::uint8_t {
  kNone,    // every schedule
  kStates,  // a state that was seen before is not gone on from
  // Of schedules that differ in the order of independent steps only, one. Under a bound of
  // preemptions also one that keeps to the bound, if any does.
  kDpor,
};

// An execution that does not end in so many transitions is left to Session::Finish(), which shows a
// livelock.
inline constexpr std::size_t kMostTransitions = 600;

struct InterleaveOptions {
  MachineChoice machine;
  Reduction reduction = Reduction::kStates;
  std::optional<std::uint32_t> preemptions;  // at most so many switches away from who could go on
  std::uint32_t failures = 0;                // so many times the environment says yes
  std::uint64_t pct = 0;                     // sampled schedules instead of all; 0: all
  std::uint32_t pct_depth = 3;               // PCT's d: ordering constraints of the bug
  std::uint64_t seed = 1;                    // of the samples
  std::uint64_t most_schedules = 1000000;
  // Called now and then: schedules done, and those that are known to be left to do beside them.
  std::function<void(std::uint64_t done, std::uint64_t known)> progress;
};

struct InterleaveResult {
  std::uint64_t schedules = 0;    // executions that were followed to their end
  std::uint64_t transitions = 0;  // taken for the first time
  std::uint64_t states = 0;       // different ones, with Reduction::kStates
  bool complete = false;          // nothing was left out by a bound
  bool cut_off = false;           // ended at most_schedules
  std::set<std::string> ends;     // what can be seen of the machine when an execution is over
  struct Failure {
    InterleaveBroken broken;
    Scenario scenario;           // with few preemptions; shrunk, if an invariant is broken
    std::uint64_t schedule = 0;  // that failed, from 1
    // Of the scenario, where it is another schedule that fails alike, with fewer preemptions.
    std::optional<std::uint32_t> preemptions;
  };
  std::optional<Failure> failure;
};

absl::StatusOr<InterleaveResult> CheckInterleave(const Program& program,
                                                 const InterleaveOptions& options);

}  // namespace uffdsim
