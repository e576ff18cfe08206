// Brings a subject into the states of a visited set, in the order of their numbers.
//
// A state is reached by performing the letters from the root; the snapshots along the way stay, so
// that the next state, whose way shares most of it, costs one or two operations.
// Owned by: one worker.
#pragma once

#include <vector>

#include "sim/explore/subject.h"
#include "sim/explore/visited.h"

namespace uffdsim {

class Walker {
 public:
  explicit Walker(const Setting& setting) : setting_(setting), subject_(setting) {}

  Subject& subject() { return subject_; }
  // Afterwards the subject is in the state, and Back() returns to it.
  void GoTo(std::uint32_t state, const Visited& visited);
  void Back() { subject_.Restore(way_[length_ - 1].snapshot); }

 private:
  struct Place {
    std::uint32_t state = 0;
    Arena::Snapshot snapshot;
  };

  const Setting& setting_;
  Subject subject_;
  std::vector<Place> way_;  // from the root; the first `length_` are valid
  std::size_t length_ = 0;
  std::vector<std::uint32_t> path_;
};

// The letters that lead from the root to a state.
std::vector<std::uint16_t> WayTo(std::uint32_t state, const Visited& visited);

}  // namespace uffdsim
