#include "sim/sweep/database.h"

#include <sqlite3.h>
#include <xxhash.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "traces/bytes.h"

namespace uffdsim {
namespace {

constexpr int kApplicationId = 0x75666673;  // "uffs"
constexpr int kLayout = 2;

// Columns of `run` before those of options and figures, and after them.
constexpr char kDigest[] = "digest";
constexpr char kTraceDigest[] = "trace_xxh3_128";
constexpr char kChecksum[] = "checksum";

std::vector<std::string> OptionColumns() {
  std::vector<std::string> columns = {"trace"};
  for (const OptionRow& row : ReplayOptionRows()) columns.emplace_back(row.key);
  return columns;
}

std::vector<std::string> AllColumns() {
  std::vector<std::string> columns = {kDigest, kTraceDigest};
  for (std::string& column : OptionColumns()) columns.push_back(std::move(column));
  for (const MetricRow& row : ReplayMetricRows()) columns.emplace_back(row.name);
  columns.emplace_back(kChecksum);
  return columns;
}

// What made the results: the program itself, to the byte.
absl::StatusOr<std::string> ThisBuild() { return DigestFile("/proc/self/exe"); }

std::string Quoted(const std::string& column) { return absl::StrCat("\"", column, "\""); }

std::string CreateTable() {
  std::string sql = "CREATE TABLE run (";
  const std::size_t first_metric = 2 + OptionColumns().size();
  const std::vector<std::string> columns = AllColumns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool metric = i >= first_metric && i + 1 < columns.size();
    absl::StrAppend(&sql, i == 0 ? "" : ", ", Quoted(columns[i]), metric ? " INTEGER" : " TEXT",
                    i == 0 ? " PRIMARY KEY" : "", " NOT NULL");
  }
  return sql + ") WITHOUT ROWID";
}

// Over all values of a row before the checksum, as texts.
class RowChecksum {
 public:
  void Add(std::string_view value) { text_.append(value).push_back('\0'); }
  std::string Text() const {
    return absl::StrFormat("%016x", XXH3_64bits(text_.data(), text_.size()));
  }

 private:
  std::string text_;
};

std::string ColumnText(sqlite3_stmt* statement, int column) {
  const auto* const text = sqlite3_column_text(statement, column);
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

// A prepared statement that is finalised.
class Statement {
 public:
  Statement(sqlite3* db, const std::string& sql) {
    status_ = sqlite3_prepare_v2(db, sql.c_str(), -1, &statement_, nullptr);
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  int status() const { return status_; }
  sqlite3_stmt* get() const { return statement_; }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int status_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SweepDatabase>> SweepDatabase::Open(const std::string& path) {
  std::unique_ptr<SweepDatabase> database(new SweepDatabase(path));
  absl::Status status = database->OpenFile();
  if (!status.ok()) return status;
  return database;
}

SweepDatabase::~SweepDatabase() {
  sqlite3_finalize(insert_);
  sqlite3_close(db_);
}

absl::Status SweepDatabase::Failed() const {
  const int code = sqlite3_errcode(db_);
  const std::string said = sqlite3_errmsg(db_);
  switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(absl::StrCat(path_, ": in use by another sweep"));
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return Refused(said);
    default: return absl::InvalidArgumentError(absl::StrCat("cannot use '", path_, "': ", said));
  }
}

absl::Status SweepDatabase::Refused(const std::string& why) const {
  return absl::DataLossError(absl::StrCat(path_, ": damaged, or no database of sweeps (", why,
                                          "): expected a whole one; move it away to begin anew"));
}

absl::Status SweepDatabase::Execute(const std::string& sql) {
  return sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK ? absl::OkStatus()
                                                                                : Failed();
}

absl::StatusOr<std::string> SweepDatabase::Ask(const std::string& sql) {
  const Statement statement(db_, sql);
  if (statement.status() != SQLITE_OK) return Failed();
  const int step = sqlite3_step(statement.get());
  if (step == SQLITE_DONE) return std::string();
  if (step != SQLITE_ROW) return Failed();
  return ColumnText(statement.get(), 0);
}

absl::Status SweepDatabase::OpenFile() {
  if (sqlite3_open(path_.c_str(), &db_) != SQLITE_OK) return Failed();
  // A database of one process: the lock is taken by the first statement and kept.
  absl::Status status = Execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL");
  if (status.ok()) status = Execute("BEGIN EXCLUSIVE");
  if (!status.ok()) return status;
  const absl::StatusOr<std::string> tables = Ask("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.status();
  status = *tables == "0" ? Create() : Verify();
  if (status.ok()) status = Execute("COMMIT");
  if (status.ok()) status = ReadRows();
  if (!status.ok()) return status;
  std::string sql = "INSERT INTO run VALUES (?";
  for (std::size_t i = 1; i < AllColumns().size(); ++i) sql += ",?";
  sql += ")";
  return sqlite3_prepare_v2(db_, sql.c_str(), -1, &insert_, nullptr) == SQLITE_OK ? absl::OkStatus()
                                                                                  : Failed();
}

absl::Status SweepDatabase::Create() {
  const absl::StatusOr<std::string> build = ThisBuild();
  if (!build.ok()) return build.status();
  return Execute(absl::StrCat(
      "PRAGMA application_id = ", kApplicationId, "; PRAGMA user_version = ", kLayout,
      "; CREATE TABLE meta (version TEXT NOT NULL, build TEXT NOT NULL);",
      "INSERT INTO meta VALUES ('", UFFDSIM_VERSION, "', '", *build, "');", CreateTable()));
}

absl::Status SweepDatabase::Verify() {
  const absl::StatusOr<std::string> application = Ask("PRAGMA application_id");
  if (!application.ok()) return application.status();
  if (*application != absl::StrCat(kApplicationId)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path_, ": a SQLite database, but not one of sweeps: expected another name"));
  }
  const absl::StatusOr<std::string> sound = Ask("PRAGMA integrity_check(1)");
  if (!sound.ok()) return sound.status();
  if (*sound != "ok") return Refused(*sound);
  const absl::StatusOr<std::string> version = Ask("SELECT version FROM meta");
  if (!version.ok()) return version.status();
  const absl::StatusOr<std::string> layout = Ask("PRAGMA user_version");
  if (!layout.ok()) return layout.status();
  const absl::StatusOr<std::string> table = Ask("SELECT sql FROM sqlite_schema WHERE name = 'run'");
  if (!table.ok()) return table.status();
  if (*version != UFFDSIM_VERSION || *layout != absl::StrCat(kLayout) || *table != CreateTable()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path_, ": results of uffdsim ", *version,
                     " with other options or figures than this one has (", UFFDSIM_VERSION,
                     "): expected another name"));
  }
  const absl::StatusOr<std::string> wrote = Ask("SELECT build FROM meta");
  if (!wrote.ok()) return wrote.status();
  const absl::StatusOr<std::string> build = ThisBuild();
  if (!build.ok()) return build.status();
  if (*wrote == *build) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(path_, ": results of another build of uffdsim ",
                                                 *version, " (", *wrote, ", this one is ", *build,
                                                 "): expected another name, or that build"));
}

absl::Status SweepDatabase::ReadRows() {
  const Statement statement(db_, "SELECT * FROM run ORDER BY digest");
  if (statement.status() != SQLITE_OK) return Failed();
  const int columns = static_cast<int>(AllColumns().size());
  const int first_metric = 2 + static_cast<int>(OptionColumns().size());
  for (;;) {
    const int step = sqlite3_step(statement.get());
    if (step == SQLITE_DONE) return absl::OkStatus();
    if (step != SQLITE_ROW) return Failed();
    RowChecksum checksum;
    for (int i = 0; i + 1 < columns; ++i) checksum.Add(ColumnText(statement.get(), i));
    const std::string digest = ColumnText(statement.get(), 0);
    if (checksum.Text() != ColumnText(statement.get(), columns - 1)) {
      return Refused(absl::StrCat("the row of run ", digest, " is not what was written"));
    }
    ReplayMetrics metrics;
    int column = first_metric;
    for (const MetricRow& row : ReplayMetricRows()) {
      metrics.*row.member =
          static_cast<std::uint64_t>(sqlite3_column_int64(statement.get(), column++));
    }
    rows_.emplace(digest, metrics);
  }
}

absl::Status SweepDatabase::Insert(const SweepRun& run, const std::string& trace_digest,
                                   const ReplayMetrics& metrics) {
  RowChecksum checksum;
  int column = 0;
  const auto bind_text = [&](const std::string& value) {
    checksum.Add(value);
    return sqlite3_bind_text(insert_, ++column, value.c_str(), static_cast<int>(value.size()),
                             SQLITE_TRANSIENT) == SQLITE_OK;
  };
  bool bound = bind_text(run.digest) && bind_text(trace_digest);
  for (const auto& [key, value] : Echo(run.options, run.config)) bound = bound && bind_text(value);
  for (const MetricRow& row : ReplayMetricRows()) {
    const auto value = static_cast<std::int64_t>(metrics.*row.member);
    checksum.Add(absl::StrCat(value));
    bound = bound && sqlite3_bind_int64(insert_, ++column, value) == SQLITE_OK;
  }
  bound = bound && bind_text(checksum.Text());
  if (!bound || sqlite3_step(insert_) != SQLITE_DONE || sqlite3_reset(insert_) != SQLITE_OK) {
    return Failed();
  }
  rows_.emplace(run.digest, metrics);
  return absl::OkStatus();
}

}  // namespace uffdsim
