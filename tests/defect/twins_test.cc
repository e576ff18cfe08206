// Every seeded defect shows in its scenario, and the clean code shows nothing there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "model/defect/catalogue.h"
#include "sim/scenario/parse.h"
#include "sim/scenario/run.h"

namespace uffdsim {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(UFFDSIM_SOURCE_DIR) / "tests/defect";

// What a release itself does wrong is a finding, and shown where the findings are.
std::string FileOf(const DefectRow& row) {
  constexpr std::string_view kOfRelease = "release-";
  if (!row.id.starts_with(kOfRelease)) return std::string(row.id) + ".scn";
  return "../scenario/findings/" + std::string(row.id.substr(kOfRelease.size())) + ".scn";
}

std::vector<const DefectRow*> AllRows() {
  std::vector<const DefectRow*> rows;
  for (const DefectRow& row : Defects()) rows.push_back(&row);
  return rows;
}

Scenario Load(const DefectRow& row) {
  std::ifstream in(kFolder / FileOf(row));
  EXPECT_TRUE(in.is_open()) << FileOf(row) << " is missing";
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  auto scenario = ParseScenario(FileOf(row), text);
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return scenario.ok() ? *std::move(scenario) : Scenario{};
}

RunResult RunTwin(const Scenario& scenario, DefectHeader header) {
  RunOptions options;
  options.defects = header;
  options.checking = Checking::kAlways;
  auto result = RunScenario(scenario, options);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : RunResult{};
}

std::set<std::string> ViolatedIn(const RunResult& result) {
  std::set<std::string> names;
  for (const Record& record : result.records) {
    for (const RecordViolation& v : record.violations) {
      names.insert(std::string(v.invariant));
    }
  }
  return names;
}

class Twins : public testing::TestWithParam<const DefectRow*> {};

TEST_P(Twins, ShowsWithTheDefectOnly) {
  const DefectRow& row = *GetParam();
  const Scenario scenario = Load(row);
  EXPECT_THAT(HeaderNames(scenario, Header::Kind::kDefect), testing::ElementsAre(row.id));

  const RunResult bad = RunTwin(scenario, DefectHeader::kApplied);
  for (const Failure& f : bad.failures) {
    ADD_FAILURE() << FileOf(row) << ":" << f.line << ": expected " << f.expected << ", found "
                  << f.actual;
  }
  const std::set<std::string> violated = ViolatedIn(bad);
  if (!row.shows.empty()) {
    EXPECT_TRUE(violated.contains(std::string(row.shows)))
        << row.shows << " not among " << testing::PrintToString(violated);
  }

  const RunResult good = RunTwin(scenario, DefectHeader::kIgnored);
  EXPECT_THAT(ViolatedIn(good), testing::IsEmpty());
  EXPECT_FALSE(good.failures.empty()) << "the clean code behaves the same";
}

std::string NameOf(const testing::TestParamInfo<const DefectRow*>& info) {
  std::string name(info.param->id);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-' || c == ':'; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, Twins, testing::ValuesIn(AllRows()), NameOf);

TEST(TwinFiles, EachBelongsToARow) {
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".scn") continue;
    EXPECT_NE(FindDefect(entry.path().stem().string()), nullptr) << entry.path().filename();
  }
}

}  // namespace
}  // namespace uffdsim
