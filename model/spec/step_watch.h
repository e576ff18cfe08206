// Which step changed which page last, and what its entry was before and after.
//
// Owned by: Referee, when it was asked to watch. Costs a pass over every populated page a step.
#pragma once

#include <cstdint>
#include <vector>

#include "model/spec/abstract.h"

namespace uffdsim {

class StepWatch {
 public:
  struct Change {
    const char* path = "";
    const char* step = "";
    OpaqueWord before;  // empty where nothing was mapped
    OpaqueWord after;
  };

  // Compares with what was there at the last call; what differs was done by the step that ran.
  void Look(const AbstractSource& source, const char* path, const char* step);
  // The last change of the page; null when none was seen.
  const Change* Find(MmId mm, Vpn vpn) const;

 private:
  struct Seen {
    std::uint64_t key = 0;
    OpaqueWord word;
  };
  struct Changed {
    std::uint64_t key = 0;
    Change change;
  };
  void Record(std::uint64_t key, const Change& change);

  std::vector<Seen> seen_;  // in order of key
  std::vector<Seen> next_;
  std::vector<Changed> changes_;  // in order of key
  std::vector<AbstractPage> pages_;
};

}  // namespace uffdsim
