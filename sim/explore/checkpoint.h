// Progress of an exhaustive exploration on disk, so that a killed one goes on where it was.
//
// Two files in a directory: `states` grows by the records that are new, `progress` is replaced by
// rename and says how many of them count; whatever was appended after that is overwritten. A kill
// at any time therefore leaves the progress of some earlier batch, and the result is the same.
// Errors: InvalidArgument when the directory belongs to another exploration or cannot be used.
// Owned by: the explorer. Records are in the byte order of the machine.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "sim/explore/exhaustive.h"
#include "sim/explore/visited.h"

namespace uffdsim {

class Checkpoint {
 public:
  // `directory` empty: nothing is read or written.
  Checkpoint(const Setting& setting, std::string directory);

  // Fills in what is there; leaves everything alone when the directory is new.
  absl::Status Load(Visited* visited, std::uint32_t* next, std::uint32_t* level_end,
                    ExhaustiveResult* result);
  // Call between batches. Does nothing while a violation stands: it is found again at once.
  absl::Status Save(const Visited& visited, std::uint32_t next, std::uint32_t level_end,
                    const ExhaustiveResult& result);

 private:
  std::string directory_;
  std::string identity_;       // of the exploration: what its result depends on
  std::uint32_t written_ = 1;  // records in the file; the root is not
};

}  // namespace uffdsim
