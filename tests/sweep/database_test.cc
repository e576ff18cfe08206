// Are results kept as they were written, and is a file that cannot be trusted refused?
#include "sim/sweep/database.h"

#include <sqlite3.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sweep/sweep_test_util.h"

namespace uffdsim {
namespace {

using ::testing::HasSubstr;

class SweepDatabaseTest : public SweepTest {
 protected:
  SweepDatabaseTest() : path_(Path("results.db")) {}

  static SweepRun RunNamed(const std::string& digest) {
    SweepRun run;
    run.options.trace = "some.uft";
    run.config = *ResolveReplay(run.options, "");
    run.digest = digest;
    return run;
  }

  // Ten rows, enough for more than one page of the file.
  void Fill() const {
    absl::StatusOr<std::unique_ptr<SweepDatabase>> database = SweepDatabase::Open(path_);
    ASSERT_TRUE(database.ok()) << database.status();
    for (std::uint64_t i = 0; i < 10; ++i) {
      ReplayMetrics metrics;
      metrics.accesses = 1'000'000'000'000 + i;
      metrics.slowdown = i;
      ASSERT_TRUE((*database)->Insert(RunNamed("digest" + std::to_string(i)), "t", metrics).ok());
    }
  }

  std::string OpenError() const {
    const absl::StatusOr<std::unique_ptr<SweepDatabase>> database = SweepDatabase::Open(path_);
    return database.ok() ? "no error" : std::string(database.status().message());
  }

  // Changes the file behind the program's back.
  void Execute(const std::string& sql) const {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &db), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db);
    sqlite3_close(db);
  }

  std::string path_;
};

TEST_F(SweepDatabaseTest, RowsComeBackAsWritten) {
  Fill();
  const absl::StatusOr<std::unique_ptr<SweepDatabase>> database = SweepDatabase::Open(path_);
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_EQ((*database)->rows(), 10U);
  ASSERT_TRUE((*database)->Has("digest7"));
  EXPECT_FALSE((*database)->Has("digest"));
  EXPECT_EQ((*database)->Get("digest7").accesses, 1'000'000'000'007U);
  EXPECT_EQ((*database)->Get("digest7").slowdown, 7U);
}

TEST_F(SweepDatabaseTest, ARunIsStoredOnce) {
  Fill();
  const absl::StatusOr<std::unique_ptr<SweepDatabase>> database = SweepDatabase::Open(path_);
  ASSERT_TRUE(database.ok());
  EXPECT_FALSE((*database)->Insert(RunNamed("digest3"), "t", ReplayMetrics{}).ok());
}

TEST_F(SweepDatabaseTest, ADamagedFileIsRefusedAndLeftAsItIs) {
  Fill();
  const std::string whole = Read(path_);
  const std::pair<const char*, std::string> damaged[] = {
      {"not SQLite", "This is a letter, and no database at all."},
      {"cut off", whole.substr(0, whole.size() / 2)},
      {"the header", std::string(100, '\0') + whole.substr(100)},
      {"a page of zeros", whole.substr(0, whole.size() - 4096) + std::string(4096, '\0')},
  };
  for (const auto& [what, bytes] : damaged) {
    Write("results.db", bytes);
    EXPECT_THAT(OpenError(), HasSubstr("damaged, or no database of sweeps")) << what;
    EXPECT_EQ(Read(path_), bytes) << what;
  }
}

// What SQLite's own check cannot see.
TEST_F(SweepDatabaseTest, AChangedFigureIsRefused) {
  Fill();
  Execute("UPDATE run SET slowdown = slowdown + 1 WHERE digest = 'digest4'");
  EXPECT_THAT(OpenError(), HasSubstr("the row of run digest4 is not what was written"));
}

TEST_F(SweepDatabaseTest, AnotherDatabaseIsRefused) {
  Execute("CREATE TABLE accounts (name TEXT)");
  EXPECT_THAT(OpenError(), HasSubstr("a SQLite database, but not one of sweeps"));
}

TEST_F(SweepDatabaseTest, ResultsOfAnotherVersionAreRefused) {
  Fill();
  Execute("UPDATE meta SET version = '0.0.1'");
  EXPECT_THAT(OpenError(), HasSubstr("results of uffdsim 0.0.1"));
}

// The same version may have been built from other sources, which give other figures.
TEST_F(SweepDatabaseTest, ResultsOfAnotherBuildAreRefused) {
  Fill();
  EXPECT_EQ(OpenError(), "no error");
  Execute("UPDATE meta SET build = '0123'");
  EXPECT_THAT(OpenError(), HasSubstr("results of another build of uffdsim"));
  EXPECT_THAT(OpenError(), HasSubstr("(0123, this one is "));
}

TEST_F(SweepDatabaseTest, OneSweepAtATime) {
  Fill();
  const absl::StatusOr<std::unique_ptr<SweepDatabase>> first = SweepDatabase::Open(path_);
  ASSERT_TRUE(first.ok());
  EXPECT_THAT(OpenError(), HasSubstr("in use by another sweep"));
}

TEST_F(SweepDatabaseTest, AFolderThatDoesNotExist) {
  path_ = Path("none/results.db");
  EXPECT_THAT(OpenError(), HasSubstr("cannot use"));
}

}  // namespace
}  // namespace uffdsim
