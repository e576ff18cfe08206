// Is every finding confirmed, and does every scenario of a finding have its row?
#include "sim/explore/findings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

#include "model/defect/catalogue.h"

namespace uffdsim {
namespace {

class Finding : public testing::TestWithParam<const FindingRow*> {};

TEST_P(Finding, BreaksTheReleaseAndNotTheIdeal) {
  const FindingRow& row = *GetParam();
  ASSERT_FALSE(row.scenario.empty()) << row.name << ".scn is missing";
  const auto result = ConfirmFinding(row);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->reproduced) << row.name;
  EXPECT_TRUE(result->repaired) << row.name << ": ideal breaks " << result->in_ideal.front();
}

TEST_P(Finding, NamesADefectOfTheReleaseAndTheKernel) {
  const FindingRow& row = *GetParam();
  EXPECT_NE(FindDefect(row.defect), nullptr) << row.defect;
  EXPECT_NE(row.kernel.find("()"), std::string_view::npos) << row.kernel;
  EXPECT_GT(row.explanation.size(), 40U);
}

std::vector<const FindingRow*> AllRows() {
  std::vector<const FindingRow*> rows;
  for (const FindingRow& row : Findings()) rows.push_back(&row);
  return rows;
}

std::string NameOf(const testing::TestParamInfo<const FindingRow*>& info) {
  std::string name(info.param->name);
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, Finding, testing::ValuesIn(AllRows()), NameOf);

TEST(FindingFiles, EachHasARow) {
  std::set<std::string> names;
  for (const FindingRow& row : Findings()) names.insert(std::string(row.name));
  const std::filesystem::path folder =
      std::filesystem::path(UFFDSIM_SOURCE_DIR) / "tests/scenario/findings";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_TRUE(names.contains(entry.path().stem().string())) << entry.path();
  }
}

TEST(ReleaseDefects, EachIsAFinding) {
  std::set<std::string_view> shown;
  for (const FindingRow& row : Findings()) shown.insert(row.defect);
  for (const DefectRow& row : Defects()) {
    if (!row.id.starts_with("release-")) continue;
    EXPECT_TRUE(shown.contains(row.id)) << row.id;
  }
}

}  // namespace
}  // namespace uffdsim
