// What a kernel profile does wrong: every state over each alphabet, judged by the referee, and
// beside the ideal kernel.
//
// Deterministic; one thread. Errors: InvalidArgument for a profile that cannot be set up.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace uffdsim {

struct ProfileFaults {
  // The shortest scenario of its kind, over all alphabets.
  struct Shortest {
    std::size_t operations = 0;  // after the alphabet's set-up
    std::string alphabet;
  };
  std::map<std::string, Shortest> broken;  // by invariant
  // In how many alphabets it answers otherwise, or comes to another state, than the ideal kernel.
  std::size_t alphabets_different = 0;
  Shortest difference;  // of no alphabet: none was found
};

// Performs at most `budget` operations in each alphabet for the referee, and as many for the
// comparison.
absl::StatusOr<ProfileFaults> FaultsOf(const std::string& profile, std::uint64_t budget);

}  // namespace uffdsim
