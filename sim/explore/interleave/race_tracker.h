// Which earlier transitions race with the next one: dependent, by somebody else, and not ordered by
// what happened between them.
//
// Mirrors: the happens-before relation of Flanagan and Godefroid, "Dynamic Partial-Order
// Reduction",
//          with vector clocks; two transitions are dependent when their footprints (Step::touches)
//          have something in common.
// Owned by: one execution.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace uffdsim {

class RaceTracker {
 public:
  explicit RaceTracker(std::size_t actors) : clocks_(actors, std::vector<std::size_t>(actors, 0)) {}

  // The actor takes a transition. Returns the numbers (from 0) of the transitions that it races
  // with.
  std::vector<std::size_t> Take(std::size_t actor, std::uint32_t footprint) {
    std::vector<std::size_t> racing;
    std::vector<std::size_t> clock = clocks_[actor];
    for (std::size_t i = taken_.size(); i-- > 0;) {
      const Taken& before = taken_[i];
      if (before.actor == actor || (before.footprint & footprint) == 0) continue;
      if (before.clock[before.actor] > clocks_[actor][before.actor]) racing.push_back(i);
      for (std::size_t k = 0; k < clock.size(); ++k) {
        if (before.clock[k] > clock[k]) clock[k] = before.clock[k];
      }
    }
    clock[actor] = ++count_;
    clocks_[actor] = clock;
    taken_.push_back({actor, footprint, clock});
    return racing;
  }

 private:
  struct Taken {
    std::size_t actor;
    std::uint32_t footprint;
    std::vector<std::size_t> clock;  // by actor: the last transition that happened before
  };
  std::vector<std::vector<std::size_t>> clocks_;
  std::vector<Taken> taken_;
  std::size_t count_ = 0;
};

}  // namespace uffdsim
