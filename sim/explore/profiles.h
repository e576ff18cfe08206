// What a kernel profile does wrong: every state over each alphabet, judged by the referee, and
// beside another profile.
//
// Deterministic; one thread. Errors: InvalidArgument for a profile that cannot be set up.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace uffdsim {

struct ProfileFaults {
  // The shortest scenario of its kind, over all alphabets.
  struct Shortest {
    std::size_t operations = 0;  // after the alphabet's set-up
    std::string alphabet;
  };
  using Broken = std::map<std::string, Shortest>;  // by invariant
  Broken broken;
  // In how many alphabets it answers otherwise, or comes to another state, than ComparedWith().
  std::size_t alphabets_different = 0;
  Shortest difference;  // of no alphabet: none was found
};

// What a profile is compared with: `ideal`, and a posting of the series `linux-7.3.0`, as which it
// was merged, so that the difference is what reviewers found in between.
std::string ComparedWith(std::string_view profile);

// Performs at most `budget` operations in each alphabet for the referee, and as many for the
// comparison.
absl::StatusOr<ProfileFaults> FaultsOf(const std::string& profile, std::uint64_t budget);

// What a machine breaks that has one defect alone, judged as a release is: at most `budget`
// operations in each alphabet.
absl::StatusOr<ProfileFaults::Broken> BrokenBy(const std::string& defect, std::uint64_t budget);

}  // namespace uffdsim
