// Every scenario file below this folder does what its `expect` lines say, on each architecture it
// is for, and under the eyes of the referee.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"
#include "sim/scenario/run.h"
#include "sim/scenario/syntax.h"

namespace uffdsim {
namespace {

std::vector<std::string> FilesOf(const std::string& suite) {
  std::vector<std::string> files;
  const std::string folder = std::string(UFFDSIM_SOURCE_DIR) + "/tests/scenario/" + suite;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".scn") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string TextOf(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Where a scenario without an `arch` line runs: wherever RWP exists.
std::vector<std::string> ArchsOf(const Scenario& scenario) {
  const std::vector<std::string> names = HeaderNames(scenario, Header::Kind::kArch);
  return names.empty() ? std::vector<std::string>{"x86_64", "arm64", "riscv64"} : names;
}

void RunOn(const Scenario& scenario, const std::string& arch) {
  SCOPED_TRACE(scenario.name + " on " + arch);
  RunOptions options;
  options.arch = arch;
  options.checking = Checking::kAlways;
  const auto result = RunScenario(scenario, options);
  ASSERT_TRUE(result.ok()) << result.status();
  for (const Failure& failure : result->failures) {
    ADD_FAILURE() << failure.line << ": " << failure.expected << "\n    found: " << failure.actual;
  }
  EXPECT_GT(result->expectations, 0);
  EXPECT_EQ(result->violations, 0);
  // A file that names no such thing speaks of what the model can do.
  for (const Record& record : result->records) {
    const bool expected_bad = record.outcome.status != Outcome::Status::kBad;
    EXPECT_TRUE(expected_bad) << record.json;
  }
}

void RunSuite(const std::string& suite, std::size_t least) {
  const std::vector<std::string> files = FilesOf(suite);
  EXPECT_GE(files.size(), least);
  for (const std::string& file : files) {
    const auto scenario = LoadScenario(file);
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    EXPECT_EQ(FormatScenario(*scenario), TextOf(file)) << file << ": not in normal form";
    ASSERT_FALSE(scenario->lines.empty());
    EXPECT_TRUE(scenario->lines.front().has_comment) << file << ": says nothing about itself";
    for (const std::string& arch : ArchsOf(*scenario)) RunOn(*scenario, arch);
  }
}

TEST(Suites, TheKernelsOwnSelftests) { RunSuite("selftests", 110); }
TEST(Suites, EveryRewriteSite) { RunSuite("rewrite", 80); }
TEST(Suites, IoctlErrors) { RunSuite("ioctl", 40); }
TEST(Suites, PagemapScan) { RunSuite("scan", 20); }

}  // namespace
}  // namespace uffdsim
