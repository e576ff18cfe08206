// What is explored: an alphabet on a machine under a kernel profile.
//
// Owned by: the caller; immutable, shared by all subjects. Errors: InvalidArgument for unknown
// names, with near matches.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/machine/machine.h"
#include "model/spec/referee.h"
#include "sim/explore/alphabet.h"
#include "sim/explore/judge.h"

namespace uffdsim {

struct Setting {
  // A line of the alphabet with its places turned into addresses.
  struct Letter {
    Statement statement;
    Operation op;            // op.ctx is found when it is performed
    std::uint16_t uffd = 0;  // index in `contexts`, where the operation has one
    bool has_uffd = false;
  };
  Alphabet alphabet;
  MachineChoice choice;
  MachineConfig machine;
  Referee::Strictness strictness = Referee::Strictness::kIdeal;
  bool judged = true;                 // by the referee; else violations go unseen
  std::uint32_t tolerated = 0;        // bit n: violations of InvariantId n are passed over
  std::uint32_t sleepers = 1;         // how many threads may sleep at the same time
  std::vector<std::string> contexts;  // names, in order of first use
  std::vector<Letter> setup;
  std::vector<Letter> letters;
};

absl::StatusOr<Setting> MakeSetting(Alphabet alphabet, const MachineChoice& choice,
                                    std::uint32_t sleepers);

}  // namespace uffdsim
