// Holds a model's record against the record of the real kernel.
//
// Everything is compared except what the recordings cannot promise (see README.md): of an entry the
// bits U G S T C X, and young where reclaim has looked; of a frame the letters B V C; the kernel's
// version. Pages are compared one by one, so that how runs were cut does not matter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// Whether the young bit of entries says something: not after reclaim (MGLRU clears it as it likes).
enum class Young : std::uint8_t { kComparable, kReclaimLooked };

// Each difference in one line: "A:3..5 entry: recorded ANF, model PWUAD". Empty when they agree.
// Errors: InvalidArgument when a line is not JSON.
absl::StatusOr<std::vector<std::string>> CompareRecords(std::string_view recorded,
                                                        std::string_view model, Young young);

// For each operation of the scenario, in order, whether young is comparable in its record.
std::vector<Young> YoungOfOperations(const Scenario& scenario);

// A recorded scenario: NAME.scn beside NAME.jsonl, and its row of the folder's manifest.json.
struct GoldenCase {
  std::string name;       // "random/anon-000"
  std::string scenario;   // path
  std::string recording;  // path
  int comparable = 0;     // operations below this index are compared
  int operations = 0;
  std::string why;  // why not all are comparable
};

// The cases of one folder, by name. Errors: NotFound, InvalidArgument.
absl::StatusOr<std::vector<GoldenCase>> LoadGoldenFolder(const std::string& folder);

// The records of a recording, without the first and the last line, and the architecture it names.
struct Recording {
  std::string arch;
  std::optional<std::uint32_t> nodes;  // memory nodes, where it says so
  std::vector<std::string> records;
};
absl::StatusOr<Recording> LoadRecording(const std::string& path);

// A row of the file of explained differences: records [first, last] of a scenario may differ.
struct Explained {
  std::string name;
  int first = 0;
  int last = 0;
  std::string reason;
  int line = 0;
};

// Lines `NAME FIRST[-LAST] REASON`; '#' starts a comment. Errors: NotFound, InvalidArgument.
absl::StatusOr<std::vector<Explained>> LoadExplained(const std::string& path);

}  // namespace uffdsim
