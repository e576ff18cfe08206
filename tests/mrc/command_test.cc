// Does `uffdsim mrc` answer as promised?
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace uffdsim {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class MrcCommandTest : public ::testing::Test {
 protected:
  MrcCommandTest() : dir_(fs::temp_directory_path() / ("uffdsim_mrc_" + std::to_string(getpid()))) {
    fs::create_directories(dir_);
  }
  ~MrcCommandTest() override { fs::remove_all(dir_); }

  struct Answer {
    int code = -1;
    std::string text;
  };
  static Answer Run(const std::string& arguments) {
    const std::string command = std::string(UFFDSIM_PROGRAM) + " mrc " + arguments + " 2>&1";
    std::FILE* pipe = popen(command.c_str(), "r");
    Answer answer;
    char buffer[4096];
    std::size_t n = 0;
    while ((n = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0) answer.text.append(buffer, n);
    answer.code = WEXITSTATUS(pclose(pipe));
    return answer;
  }
  std::string Path(const std::string& name) const { return (dir_ / name).string(); }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name)) << text;
    return Path(name);
  }
  static nlohmann::json ReadJson(const std::string& path) {
    std::ifstream file(path);
    return nlohmann::json::parse(file);
  }

  fs::path dir_;
};

// Ordered accesses to pages 0 1 2 1 0 0 3 0: see curve_test.cc.
constexpr char kOrdered[] =
    "uftext 1\n"
    "header {\"ram_pages\":16,\"vcpus\":1,\"stream\":\"accesses\"}\n"
    "0 1 0 r--\n0 2 1 r--\n0 3 2 r--\n0 4 1 r--\n0 5 0 r--\n0 6 0 -w-\n0 7 3 r--\n0 8 0 r--\n";

TEST_F(MrcCommandTest, AnOrderedTraceByHand) {
  const Answer answer =
      Run(Write("t.txt", kOrdered) + " --sizes 1,2,3,4 --policy fifo,min --json " + Path("r.json"));
  ASSERT_EQ(answer.code, 0) << answer.text;
  const nlohmann::json r = ReadJson(Path("r.json"));
  EXPECT_EQ(r["command"], "mrc");
  EXPECT_EQ(r["metrics"]["references"], 8);
  EXPECT_EQ(r["metrics"]["footprint_pages"], 4);
  EXPECT_FALSE(r["metrics"].contains("bounds_valid_from_pages"));
  ASSERT_EQ(r["curves"].size(), 3U);
  EXPECT_EQ(r["curves"][0]["name"], "lru");
  EXPECT_EQ(r["curves"][0]["pages"], nlohmann::json({1, 2, 3, 4}));
  EXPECT_EQ(r["curves"][0]["misses"], nlohmann::json({7, 5, 4, 4}));
  EXPECT_EQ(r["curves"][0]["miss_ratio"][1], 0.625);
  EXPECT_EQ(r["curves"][2]["name"], "min");
  EXPECT_EQ(r["curves"][2]["misses"], nlohmann::json({7, 5, 4, 4}));
}

TEST_F(MrcCommandTest, TheSameBytesForAnyNumberOfThreads) {
  const std::string trace = std::string(UFFDSIM_SOURCE_DIR) + "/traces/samples/boot.uft";
  nlohmann::json first;
  for (const char* threads : {"1", "3"}) {
    const Answer answer =
        Run(trace + " --policy clock,random,s3fifo:small=0.2,ghost=1 --sizes 10%,50%" +
            " --shards 0.1 --threads " + threads + " --json " + Path("r.json"));
    ASSERT_EQ(answer.code, 0) << answer.text;
    nlohmann::json r = ReadJson(Path("r.json"));
    EXPECT_TRUE(r["metrics"].contains("bounds_valid_from_pages"));
    EXPECT_EQ(r["curves"].size(), 7U);
    r.erase("machine");
    if (first.is_null()) first = r;
    EXPECT_EQ(r, first);
  }
}

TEST_F(MrcCommandTest, ErrorsSayWhatWasExpected) {
  const std::string trace = Write("t.txt", kOrdered);
  const std::pair<std::string, const char*> bad[] = {
      {trace + " --sizes 0", "--sizes '0': expected pages"},
      {trace + " --sizes 12q", "--sizes '12q': expected pages"},
      {trace + " --policy lrv", "did you mean lru?"},
      {trace + " --shards 2.5", "--shards '2.5': expected a rate"},
      {Path("absent"), "absent"},
      {Write("none.txt", "uftext 1\nheader {\"ram_pages\":16,\"vcpus\":1}\n"), "without accesses"},
      {trace + " --json /proc/nothing/r.json", "cannot write"},
  };
  for (const auto& [arguments, expected] : bad) {
    const Answer answer = Run(arguments);
    EXPECT_EQ(answer.code, 2) << arguments << "\n" << answer.text;
    EXPECT_THAT(answer.text, HasSubstr(expected)) << arguments;
    EXPECT_EQ(std::count(answer.text.begin(), answer.text.end(), '\n'), 1) << answer.text;
  }
}

TEST_F(MrcCommandTest, NoProgressOnAPipe) {
  const Answer answer = Run(Write("t.txt", kOrdered) + " --policy arc");
  EXPECT_EQ(answer.code, 0);
  EXPECT_THAT(answer.text, Not(HasSubstr("\r")));
}

}  // namespace
}  // namespace uffdsim
