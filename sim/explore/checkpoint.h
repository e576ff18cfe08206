// Progress of an exhaustive exploration on disk, so that a killed one goes on where it was.
//
// Two files in a directory: `states` grows by the records that are new, `progress` is replaced by
// rename and says how many of them count and what their digest is; whatever was appended after that
// is overwritten. A kill at any time therefore leaves the progress of some earlier batch, and the
// result is the same.
//
// A damaged directory is never gone on from: `progress` has a checksum over itself and one over the
// records, every number is looked at, and some of the states are reached again and must be the same
// ones (a program whose model behaves otherwise does not go on from it either).
// Errors: InvalidArgument with the file and what was expected in it: another exploration, another
//         format or version, damage, or a directory that cannot be used.
// Owned by: the explorer. Records are in the byte order of the machine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "sim/explore/exhaustive.h"
#include "sim/explore/visited.h"

struct XXH3_state_s;

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
  struct FreeHash {
    void operator()(XXH3_state_s* hash) const;
  };
  struct Figures;  // of `progress`

  std::string File(const char* name) const { return directory_ + "/" + name; }
  absl::Status ReadProgress(const std::string& text, Figures* figures) const;
  absl::Status CheckFigures(const Figures& figures) const;
  absl::Status ReadRecords(const Figures& figures, Visited* visited);
  absl::Status CheckBehaviour(const Visited& visited) const;
  absl::Status AppendRecords(const Visited& visited);
  // Takes the record into the digest of all that are written.
  void Count(const Visited::Record& record);
  std::string RecordsDigest() const;

  const Setting& setting_;
  std::string directory_;
  std::string identity_;       // of the exploration: what its result depends on
  std::uint32_t written_ = 1;  // records in the file; the root is not
  std::unique_ptr<XXH3_state_s, FreeHash> hash_;
};

}  // namespace uffdsim
