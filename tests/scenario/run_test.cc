// Does the model do what each scenario in this folder expects, on every architecture it names?
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
#include "sim/scenario/table.h"

namespace uffdsim {
namespace {

const std::string kRoot = UFFDSIM_SOURCE_DIR "/tests/scenario";

std::vector<std::string> ScenarioFiles() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot)) {
    if (entry.path().extension() != ".scn") continue;
    files.push_back(std::filesystem::relative(entry.path(), kRoot).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class ScenarioFile : public testing::TestWithParam<std::string> {};

TEST_P(ScenarioFile, Holds) {
  const std::string path = kRoot + "/" + GetParam();
  const auto scenario = LoadScenario(path);
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  std::vector<std::string> archs = HeaderNames(*scenario, Header::Kind::kArch);
  if (archs.empty()) archs.emplace_back("x86_64");
  for (const std::string& arch : archs) {
    RunOptions options;
    options.arch = arch;
    const auto result = RunScenario(*scenario, options);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_GT(result->expectations, 0) << "a scenario without an expectation tests nothing";
    EXPECT_TRUE(result->failures.empty()) << arch << "\n" << FailureText(*scenario, *result);
  }
}

TEST_P(ScenarioFile, IsInNormalFormAndSaysWhatItIsAbout) {
  const std::string path = kRoot + "/" + GetParam();
  const auto scenario = LoadScenario(path);
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  EXPECT_EQ(FormatScenario(*scenario), text) << "run `uffdsim scenario format`";
  EXPECT_EQ(text.substr(0, 2), "# ") << "the first line is a sentence about the scenario";
}

std::string TestName(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param.substr(0, info.param.size() - 4);
  for (char& c : name) {
    if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && (c < 'A' || c > 'Z')) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, ScenarioFile, testing::ValuesIn(ScenarioFiles()), TestName);

}  // namespace
}  // namespace uffdsim
