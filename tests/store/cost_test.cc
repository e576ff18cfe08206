// Are costs read, scaled and printed exactly, and is what is wrong named?
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/cost/cost_model.h"

namespace uffdsim {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(std::string_view json) {
  const absl::StatusOr<CostModel> costs = ParseCosts(json, "costs.json");
  return costs.ok() ? "no error" : std::string(costs.status().message());
}

std::string WhatIfError(std::string_view text) {
  CostModel costs;
  const absl::Status status = ApplyWhatIf(text, &costs);
  EXPECT_EQ(costs, CostModel()) << "changed by " << text;
  return status.ok() ? "no error" : std::string(status.message());
}

std::uint64_t CopyAfter(std::string_view what_if, std::uint64_t copy_page_ps) {
  CostModel costs;
  costs.copy_page_ps = copy_page_ps;
  EXPECT_TRUE(ApplyWhatIf(what_if, &costs).ok()) << what_if;
  return costs.copy_page_ps;
}

TEST(Costs, EveryRowHasASourceAndOnlyHitsAreFree) {
  for (const CostRow& row : CostRows()) {
    EXPECT_FALSE(row.source.empty()) << row.name;
    EXPECT_EQ(row.sentence.back(), '.') << row.name;
    EXPECT_EQ(CostModel().*row.member == 0, row.name == "access_hit") << row.name;
    EXPECT_EQ(FindCost(row.name), &row);
  }
  EXPECT_EQ(CostModel().syscall_ps, 103'000u);
}

TEST(Costs, ReadsWhatIsGivenAndKeepsTheRest) {
  const absl::StatusOr<CostModel> costs = ParseCosts(
      R"({"schema": "uffdsim-costs-1", "costs": {"scan_page_ns": 6.125, "copy_page_ns": 900},
          "provenance": {"host": "x"}})",
      "costs.json");
  ASSERT_TRUE(costs.ok()) << costs.status();
  CostModel expected;
  expected.scan_page_ps = 6125;
  expected.copy_page_ps = 900'000;
  EXPECT_EQ(*costs, expected);
}

TEST(Costs, ReadsBackWhatItPrints) {
  CostModel costs;
  std::uint64_t value = 1;
  for (const CostRow& row : CostRows()) costs.*row.member = value += 1237;
  const absl::StatusOr<CostModel> again = ParseCosts(FormatCosts(costs), "printed");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, costs);
  EXPECT_THAT(FormatCosts(CostModel()), HasSubstr("\"syscall_ns\": 103,"));
}

TEST(Costs, ErrorsNameFilePathAndExpectation) {
  EXPECT_THAT(ErrorOf("{"), HasSubstr("costs.json: expected JSON"));
  EXPECT_EQ(ErrorOf("[]"), "costs.json: expected a JSON object");
  EXPECT_EQ(ErrorOf("{}"), "costs.json: schema: expected \"uffdsim-costs-1\"");
  EXPECT_EQ(ErrorOf(R"({"schema": "uffdsim-costs-1", "cost": {}})"),
            "costs.json: cost: no such key; did you mean costs?");
  EXPECT_EQ(ErrorOf(R"({"schema": "uffdsim-costs-1", "costs": 3})"),
            "costs.json: costs: expected a JSON object");
  EXPECT_EQ(ErrorOf(R"({"schema": "uffdsim-costs-1", "costs": {"copy_pge_ns": 1}})"),
            "costs.json: costs.copy_pge_ns: no such cost; did you mean copy_page_ns?");
  EXPECT_EQ(ErrorOf(R"({"schema": "uffdsim-costs-1", "costs": {"syscall_ns": -1}})"),
            "costs.json: costs.syscall_ns: expected nanoseconds from 0 to 3600000000000, found -1");
  EXPECT_THAT(ErrorOf(R"({"schema": "uffdsim-costs-1", "costs": {"syscall_ns": "x"}})"),
              HasSubstr("found \"x\""));
  EXPECT_THAT(ErrorOf(R"({"schema": "uffdsim-costs-1", "costs": {"syscall": 5}})"),
              HasSubstr("did you mean syscall_ns?"));
}

TEST(WhatIf, ScalesByExactFractions) {
  EXPECT_EQ(CopyAfter("copy_page=x2", 1001), 2002u);
  EXPECT_EQ(CopyAfter("copy_page=x3/2", 1001), 1502u);  // 1501.5 rounds up
  EXPECT_EQ(CopyAfter("copy_page=x0.1", 1005), 101u);   // 100.5 rounds up
  EXPECT_EQ(CopyAfter("copy_page=x1/3", 1000), 333u);
  EXPECT_EQ(CopyAfter("copy_page=x1.5/0.5", 1000), 3000u);
  EXPECT_EQ(CopyAfter("copy_page=x0", 1000), 0u);
  EXPECT_EQ(CopyAfter("copy_page=250.5", 1000), 250'500u);
}

TEST(WhatIf, OneCostOrAllOfThem) {
  CostModel one;
  ASSERT_TRUE(ApplyWhatIf("syscall=x2", &one).ok());
  CostModel expected;
  expected.syscall_ps *= 2;
  EXPECT_EQ(one, expected);
  CostModel all;
  ASSERT_TRUE(ApplyWhatIf("all=x2", &all).ok());
  for (const CostRow& row : CostRows()) EXPECT_EQ(all.*row.member, 2 * CostModel().*row.member);
}

TEST(WhatIf, ErrorsChangeNothing) {
  EXPECT_THAT(WhatIfError("copy_page"), HasSubstr("expected COST=xFACTOR"));
  EXPECT_THAT(WhatIfError("copy_pge=x2"), HasSubstr("did you mean copy_page?"));
  for (const std::string_view bad :
       {"copy_page=", "copy_page=x", "copy_page=x-1", "copy_page=x1/0", "copy_page=x1e9",
        "copy_page=x1/2/3", "copy_page=x99999999999", "copy_page=1.23456", "copy_page=."}) {
    EXPECT_THAT(WhatIfError(bad), HasSubstr("expected a factor")) << bad;
  }
  EXPECT_THAT(WhatIfError("all=x1000000000"), HasSubstr("would exceed an hour"));
}

TEST(NsFromPs, RoundsHalfUp) {
  EXPECT_EQ(NsFromPs(1499), 1u);
  EXPECT_EQ(NsFromPs(1500), 2u);
}

}  // namespace
}  // namespace uffdsim
