// Does a sweep that is killed again and again end as one that is left alone, for any threads?
#include <sqlite3.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sweep/sweep_test_util.h"

namespace uffdsim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SweepResume : public SweepTest {
 protected:
  SweepResume() {
    const std::string boot = std::string(UFFDSIM_SOURCE_DIR) + "/traces/samples/boot.uft";
    EXPECT_EQ(Wait(Start({"trace", "convert", boot, Path("small.uft"), "--limit", "400"})), 0);
    spec_ = Write("spec.json", R"({"axes": {"trace": [")" + Path("small.uft") +
                                   R"("], "tracker": ["rwp", "oracle"],
        "policy": ["age", "clock", "s3fifo", "random"], "dram": ["20%", "40%", "60%"],
        "interval": ["5ms", "20ms"]}})");
  }

  // Standard output and standard error go to `log`.
  pid_t Start(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), UFFDSIM_PROGRAM);
    const pid_t child = fork();
    if (child != 0) return child;
    const std::string log = Path("log");
    std::FILE* file = std::freopen(log.c_str(), "w", stdout);
    if (file == nullptr || dup2(fileno(file), STDERR_FILENO) < 0) _exit(99);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(99);
  }

  // The exit code, or minus the signal that ended it.
  static int Wait(pid_t child) {
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  std::vector<std::string> Sweep(const std::string& name, const std::string& threads) const {
    return {"sweep",     spec_,
            "--db",      Path(name + ".db"),
            "--csv",     Path(name + ".csv"),
            "--json",    Path(name + ".json"),
            "--threads", threads};
  }

  // Every value of every row, in order: what the database says, not how its file is laid out.
  std::string Dump(const std::string& name) const {
    std::string text;
    sqlite3* db = nullptr;
    EXPECT_EQ(sqlite3_open(Path(name + ".db").c_str(), &db), SQLITE_OK);
    const auto append = [](void* out, int columns, char** values, char**) {
      for (int i = 0; i < columns; ++i) {
        static_cast<std::string*>(out)->append(values[i] == nullptr ? "" : values[i]) += "|";
      }
      *static_cast<std::string*>(out) += "\n";
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(db, "SELECT * FROM run ORDER BY digest", append, &text, nullptr),
              SQLITE_OK);
    sqlite3_close(db);
    return text;
  }

  long Rows(const std::string& name) const {
    long rows = 0;
    sqlite3* db = nullptr;
    if (sqlite3_open(Path(name + ".db").c_str(), &db) == SQLITE_OK) {
      const auto count = [](void* out, int, char** values, char**) {
        *static_cast<long*>(out) = std::stol(values[0]);
        return 0;
      };
      // No table yet when the program was killed early.
      sqlite3_exec(db, "SELECT count(*) FROM run", count, &rows, nullptr);
    }
    sqlite3_close(db);
    return rows;
  }

  std::string spec_;
};

constexpr long kRuns = 48;

TEST_F(SweepResume, KilledAgainAndAgainItEndsAsIfLeftAlone) {
  ASSERT_EQ(Wait(Start(Sweep("alone", "2"))), 0) << Read(Path("log"));
  EXPECT_THAT(Read(Path("log")), HasSubstr("48 runs: 48 now, 0 found done"));
  EXPECT_EQ(Rows("alone"), kRuns);

  long rows = 0;
  int kills = 0;
  for (int round = 0;; ++round) {
    ASSERT_LT(round, 100);
    const pid_t child = Start(Sweep("killed", round % 2 == 0 ? "1" : "2"));
    // Longer each time, so that even a busy machine gets through.
    usleep(static_cast<useconds_t>(30'000 * (round + 1)));
    kill(child, SIGKILL);
    const int code = Wait(child);
    if (code == 0) break;
    ASSERT_EQ(code, -SIGKILL) << Read(Path("log"));
    ++kills;
    const long now = Rows("killed");
    EXPECT_GE(now, rows) << "a finished run was lost";
    rows = now;
  }
  EXPECT_GE(kills, 2);
  // What was there was not run again.
  EXPECT_THAT(Read(Path("log")), HasSubstr(std::to_string(rows) + " found done"));
  EXPECT_EQ(Dump("killed"), Dump("alone"));
  EXPECT_EQ(Read(Path("killed.csv")), Read(Path("alone.csv")));
  EXPECT_EQ(Read(Path("killed.json")), Read(Path("alone.json")));
  EXPECT_FALSE(std::filesystem::exists(Path("killed.db-journal")));
}

TEST_F(SweepResume, TheSameBytesForAnyNumberOfThreads) {
  for (const char* threads : {"1", "2", "5"}) {
    ASSERT_EQ(Wait(Start(Sweep(threads, threads))), 0) << Read(Path("log"));
    EXPECT_EQ(Read(Path(std::string(threads) + ".csv")), Read(Path("1.csv")));
    EXPECT_EQ(Read(Path(std::string(threads) + ".json")), Read(Path("1.json")));
    EXPECT_EQ(Dump(threads), Dump("1"));
    EXPECT_THAT(Read(Path("log")), Not(HasSubstr("\r"))) << "progress on a pipe";
  }
  const std::string csv = Read(Path("1.csv"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), kRuns + 1);
  EXPECT_GT(Read(Path("1.json")).size(), 10'000U);
}

// A wider spec goes on where the narrower one ended.
TEST_F(SweepResume, AnotherSpecUsesWhatIsThere) {
  ASSERT_EQ(Wait(Start(Sweep("grown", "2"))), 0) << Read(Path("log"));
  std::string wider = Read(spec_);
  wider.replace(wider.find("\"60%\""), 5, "\"60%\", \"80%\"");
  Write("spec.json", wider);
  ASSERT_EQ(Wait(Start(Sweep("grown", "2"))), 0) << Read(Path("log"));
  EXPECT_THAT(Read(Path("log")), HasSubstr("64 runs: 16 now, 48 found done"));
}

}  // namespace
}  // namespace uffdsim
