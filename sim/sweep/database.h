// The results of sweeps in a SQLite file: one row per run, keyed by the run's digest.
//
// Rules:   a row is written in a transaction of its own, so a process that is killed leaves whole
//          rows only, and the next one goes on with the rest. The file says what it is
//          (application_id), which build of the program wrote it and which figures it has; each row
//          carries a checksum of its values. A file that is something else, older, damaged or in
//          use is refused with a sentence and left as it is.
// Owned by: the caller; one thread at a time, whichever. One process at a time (locked).
// Errors:  InvalidArgument for a file that is not ours; DataLoss for a damaged one; Unavailable for
//          one in use; what SQLite says for the rest.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sim/replay/replay.h"
#include "sim/sweep/spec.h"

struct sqlite3;
struct sqlite3_stmt;

namespace uffdsim {

class SweepDatabase {
 public:
  // Opens or creates. All rows of an existing file are verified.
  static absl::StatusOr<std::unique_ptr<SweepDatabase>> Open(const std::string& path);
  SweepDatabase(const SweepDatabase&) = delete;
  SweepDatabase& operator=(const SweepDatabase&) = delete;
  ~SweepDatabase();

  bool Has(const std::string& digest) const { return rows_.contains(digest); }
  const ReplayMetrics& Get(const std::string& digest) const { return rows_.at(digest); }
  std::size_t rows() const { return rows_.size(); }

  // The row is durable when this returns.
  absl::Status Insert(const SweepRun& run, const std::string& trace_digest,
                      const ReplayMetrics& metrics);

 private:
  explicit SweepDatabase(std::string path) : path_(std::move(path)) {}
  absl::Status OpenFile();
  absl::Status Create();
  absl::Status Verify();
  absl::Status ReadRows();
  absl::Status Execute(const std::string& sql);
  absl::StatusOr<std::string> Ask(const std::string& sql);
  absl::Status Failed() const;
  absl::Status Refused(const std::string& why) const;

  std::string path_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  std::map<std::string, ReplayMetrics> rows_;  // by digest
};

}  // namespace uffdsim
