// Does the program answer as promised: exit codes, one clear error, nothing half-written?
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "nlohmann/json.hpp"

namespace uffdsim {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

const std::string kSample = std::string(UFFDSIM_SOURCE_DIR) + "/traces/samples/sqlite.uft";

struct Answer {
  int code = -1;
  std::string text;  // standard output and standard error
};

Answer RunProgram(const std::string& arguments) {
  const std::string command = std::string(UFFDSIM_PROGRAM) + " " + arguments + " 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");
  Answer answer;
  char buffer[4096];
  std::size_t n = 0;
  while ((n = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0) answer.text.append(buffer, n);
  answer.code = WEXITSTATUS(pclose(pipe));
  return answer;
}

class Cli : public testing::Test {
 protected:
  Cli() : dir_(fs::temp_directory_path() / ("uffdsim_cli_test_" + std::to_string(getpid()))) {
    fs::create_directories(dir_);
  }
  ~Cli() override { fs::remove_all(dir_); }

  std::string Path(const std::string& name) const { return (dir_ / name).string(); }
  std::string WriteFile(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name)) << text;
    return Path(name);
  }
  static std::string ReadFile(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  fs::path dir_;
};

// Each interval's row of the map adds up to what the interval's own figures say.
TEST_F(Cli, TheHeatMapAddsUp) {
  const Answer answer =
      RunProgram("replay " + kSample + " --dram 50% --heat-map 100 --json " + Path("r.json"));
  ASSERT_EQ(answer.code, 0) << answer.text;
  const nlohmann::json r = nlohmann::json::parse(ReadFile(Path("r.json")));
  const nlohmann::json& map = r["heat_map"];
  EXPECT_EQ(map["pages_per_row"], 1311);  // 131,072 pages in at most 100 rows
  EXPECT_EQ(map["rows"], 100);
  ASSERT_EQ(map["touched"].size(), r["intervals"].size());
  const auto sum = [](const nlohmann::json& row) {
    std::uint64_t pages = 0;
    for (const nlohmann::json& count : row) pages += count.get<std::uint64_t>();
    return pages;
  };
  std::uint64_t evicted = 0;
  std::uint64_t refetched = 0;
  for (std::size_t i = 0; i < r["intervals"].size(); ++i) {
    const nlohmann::json& interval = r["intervals"][i];
    EXPECT_EQ(map["end_ns"][i], interval["end_ns"]);
    EXPECT_EQ(sum(map["touched"][i]), interval["wss_true_pages"]) << i;
    EXPECT_LE(sum(map["armed"][i]), interval["resident_pages"]) << i;
    evicted += sum(map["evicted"][i]);
    refetched += sum(map["refetched"][i]);
  }
  EXPECT_GT(evicted, 1000);
  EXPECT_LE(evicted, r["metrics"]["evicted_pages"]);
  EXPECT_GT(refetched, 100);
  EXPECT_LE(refetched, r["metrics"]["refetched_pages"]);
}

TEST_F(Cli, TheStallDistributionEndsWithAllStalls) {
  const Answer answer = RunProgram("replay " + kSample + " --dram 50% --json " + Path("r.json"));
  ASSERT_EQ(answer.code, 0) << answer.text;
  const nlohmann::json r = nlohmann::json::parse(ReadFile(Path("r.json")));
  EXPECT_FALSE(r.contains("heat_map"));
  const nlohmann::json& points = r["stall_distribution"];
  ASSERT_GT(points.size(), 3U);
  for (std::size_t i = 1; i < points.size(); ++i) {
    EXPECT_GT(points[i][0], points[i - 1][0]);
    EXPECT_GT(points[i][1], points[i - 1][1]);
  }
  EXPECT_EQ(points.back()[0], r["metrics"]["stall_ns_max"]);
  EXPECT_EQ(points.back()[1], r["metrics"]["stalls"]);
}

TEST_F(Cli, ReplayWritesTheWholeResult) {
  const Answer answer = RunProgram("replay " + kSample + " --dram 50% --json " + Path("r.json"));
  ASSERT_EQ(answer.code, 0) << answer.text;
  EXPECT_THAT(answer.text, HasSubstr("lost updates"));
  EXPECT_FALSE(fs::exists(Path("r.json.partial")));
  const nlohmann::json r = nlohmann::json::parse(ReadFile(Path("r.json")));
  for (const char* key :
       {"schema", "command", "config", "inputs", "metrics", "intervals", "provenance", "machine"}) {
    EXPECT_TRUE(r.contains(key)) << key;
  }
  EXPECT_EQ(r["metrics"]["accesses"], 2449247);
  EXPECT_EQ(r["metrics"]["footprint_pages"], 30404);
  EXPECT_EQ(r["metrics"]["limit_pages"], 15202);
  EXPECT_EQ(r["metrics"]["lost_updates"], 0);
  EXPECT_GT(r["metrics"]["evicted_pages"], 1000);
  EXPECT_GT(r["metrics"]["intervals"], 10);
  EXPECT_GT(r["machine"]["accesses_per_second"], 0);
  EXPECT_EQ(r["inputs"][0]["xxh3_128"].get<std::string>().size(), 32);
}

TEST_F(Cli, ResultsAreTheSameBytesFromRunToRun) {
  std::string dumps[2];
  for (int i = 0; i < 2; ++i) {
    const std::string path = Path("r" + std::to_string(i) + ".json");
    ASSERT_EQ(RunProgram("replay " + kSample + " --dram 40% --policy clock --json " + path).code,
              0);
    nlohmann::json r = nlohmann::json::parse(ReadFile(path));
    EXPECT_GT(r["metrics"]["evicted_pages"], 0);
    r.erase("machine");
    dumps[i] = r.dump();
  }
  EXPECT_EQ(dumps[0], dumps[1]);
}

TEST_F(Cli, TheEchoReplaysTheSame) {
  ASSERT_EQ(RunProgram("replay " + kSample + " --dram 60% --interval 100ms --policy clock --json " +
                       Path("a.json"))
                .code,
            0);
  nlohmann::json a = nlohmann::json::parse(ReadFile(Path("a.json")));
  WriteFile("c.json", a["config"].dump());
  ASSERT_EQ(RunProgram("replay --config " + Path("c.json") + " --json " + Path("b.json")).code, 0);
  nlohmann::json b = nlohmann::json::parse(ReadFile(Path("b.json")));
  EXPECT_EQ(a["config"], b["config"]);
  EXPECT_EQ(a["metrics"], b["metrics"]);
  EXPECT_GT(a["metrics"]["evicted_pages"], 0);
}

TEST_F(Cli, TheCommandLineWinsOverTheFile) {
  WriteFile("c.json", R"({"interval": "100ms", "policy": "clock"})");
  ASSERT_EQ(RunProgram("replay " + kSample + " --interval 200ms --config " + Path("c.json") +
                       " --json " + Path("r.json"))
                .code,
            0);
  const nlohmann::json r = nlohmann::json::parse(ReadFile(Path("r.json")));
  EXPECT_EQ(r["config"]["interval"], "200ms");
  EXPECT_THAT(r["config"]["policy"].get<std::string>(), HasSubstr("clock"));
}

TEST_F(Cli, BadInputIsRefusedWithWhatWasExpected) {
  WriteFile("empty.uft", "");
  WriteFile("text.uft", "this is no trace\n");
  const std::string whole = ReadFile(kSample);
  WriteFile("cut.uft", whole.substr(0, whole.size() / 2));
  std::string damaged = whole;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x40);
  WriteFile("damaged.uft", damaged);
  WriteFile("bad.json", R"({"intervall": "50ms"})");
  const std::pair<std::string, std::string> table[] = {
      {"replay", "expected a file name"},
      {"replay " + Path("none.uft"), "none.uft"},
      {"replay " + Path("empty.uft"), "empty"},
      {"replay " + Path("text.uft"), "text.uft"},
      {"replay " + Path("cut.uft"), "cut.uft"},
      {"replay " + Path("damaged.uft"), "damaged.uft"},
      {"replay " + kSample + " --dram 0", "expected a size greater than zero"},
      {"replay " + kSample + " --dram 8K", "expected at least 16"},
      {"replay " + kSample + " --interval=-5ms", "expected a time greater than zero"},
      {"replay " + kSample + " --tracker rpw", "did you mean rwp"},
      {"replay " + kSample + " --policy clok", "clock"},
      {"replay " + kSample + " --store nvne", "nvme"},
      {"replay " + kSample + " --arch s390x", "EINVAL"},
      {"replay " + kSample + " --arch x86_65", "x86_64"},
      {"replay " + kSample + " --intervall 5ms", "--interval"},
      {"replay " + kSample + " --config " + Path("bad.json"), "did you mean interval"},
      {"replay " + kSample + " --config " + Path("none.json"), "none.json"},
      {"replay " + kSample + " --costs " + Path("none.json"), "none.json"},
      {"replay " + kSample + " --json /proc/none/r.json", "cannot write"},
      {"replay " + kSample + " --json " + dir_.string(), "cannot write"},
      {"replay - --dram 50% < " + kSample, "expected a file"},
      {"replya", "did you mean replay"},
      {"trace inf " + kSample, "info"},
      {"trace info " + Path("none.uft"), "none.uft"},
      {"pte x86_46 0x1", "x86_64"},
      {"pte x86_64 zz", "0x"},
      {"pte diff x86_64 0x1", "two words"},
      {"list polices", "policies"},
      {"", "subcommand"},
  };
  for (const auto& [arguments, message] : table) {
    const Answer answer = RunProgram(arguments);
    EXPECT_EQ(answer.code, 2) << arguments << ": " << answer.text;
    EXPECT_THAT(answer.text, HasSubstr(message)) << arguments;
    // One line, and it names the program.
    EXPECT_EQ(answer.text.rfind("uffdsim: ", 0), 0) << answer.text;
    EXPECT_EQ(std::count(answer.text.begin(), answer.text.end(), '\n'), 1) << answer.text;
  }
}

TEST_F(Cli, NothingIsLeftBehindByARunThatFails) {
  const std::string json = Path("r.json");
  EXPECT_EQ(RunProgram("replay " + Path("none.uft") + " --json " + json).code, 2);
  EXPECT_FALSE(fs::exists(json));
  EXPECT_FALSE(fs::exists(json + ".partial"));
}

TEST_F(Cli, APipeIsATraceToo) {
  const Answer answer = RunProgram("replay - --dram 60MiB < " + kSample);
  EXPECT_EQ(answer.code, 0) << answer.text;
  EXPECT_THAT(answer.text, HasSubstr("2,449,247"));
}

TEST_F(Cli, PteHasAShortForm) {
  const Answer whole = RunProgram("pte decode x86_64 0x8000000012345867");
  const Answer brief = RunProgram("pte x86_64 0x8000000012345867");
  EXPECT_EQ(whole.code, 0) << whole.text;
  EXPECT_EQ(whole.text, brief.text);
  EXPECT_THAT(whole.text, HasSubstr("present"));
}

TEST_F(Cli, EveryAxisCanBeListed) {
  const Answer axes = RunProgram("list --json");
  ASSERT_EQ(axes.code, 0);
  const nlohmann::json rows = nlohmann::json::parse(axes.text);
  EXPECT_GT(rows.size(), 8);
  for (const auto& row : rows) {
    const Answer answer = RunProgram("list " + row["name"].get<std::string>());
    EXPECT_EQ(answer.code, 0) << row;
    EXPECT_GT(std::count(answer.text.begin(), answer.text.end(), '\n'), 0) << row;
  }
}

TEST_F(Cli, HelpIsNotAnError) {
  for (const char* arguments : {"--help", "replay --help", "trace --help", "pte --help"}) {
    EXPECT_EQ(RunProgram(arguments).code, 0) << arguments;
  }
}

}  // namespace
}  // namespace uffdsim
