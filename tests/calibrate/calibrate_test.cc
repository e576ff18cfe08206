// Measuring on whatever host runs the tests.
#include "sim/calibrate/calibrate.h"

#include <gtest/gtest.h>

#include <string>

#include "nlohmann/json.hpp"
#include "sim/calibrate/probes.h"
#include "sim/cost/cost_model.h"

namespace uffdsim {
namespace {

TEST(Calibrate, WritesACostFileOrSaysWhyNot) {
  const CalibrateSetting setting{.bytes = std::size_t{2} << 20, .repetitions = 3};
  std::size_t heard = 0;
  const absl::StatusOr<Calibration> result = Calibrate(setting, [&](const Measured&) { ++heard; });
  if (!result.ok()) {
    const std::string message(result.status().message());
    EXPECT_NE(message.find("userfaultfd"), std::string::npos) << message;
    EXPECT_NE(message.find("expected"), std::string::npos) << message;
    return;
  }
  EXPECT_EQ(heard, Probes().size());
  const std::string text = CalibrationJson(*result);
  const absl::StatusOr<CostModel> costs = ParseCosts(text, "calibrated");
  ASSERT_TRUE(costs.ok()) << costs.status();
  EXPECT_GT(costs->syscall_ps, 0U);
  EXPECT_GT(costs->copy_page_ps, 0U);

  // Every cost is either measured, with its spread, or listed with the reason why not.
  const nlohmann::json document = nlohmann::json::parse(text);
  const nlohmann::json& provenance = document["provenance"];
  for (const CostRow& row : CostRows()) {
    const std::string key = std::string(row.name) + "_ns";
    SCOPED_TRACE(key);
    const bool measured = document["costs"].contains(key);
    EXPECT_NE(measured, provenance["defaults"].contains(key));
    if (!measured) continue;
    const nlohmann::json& how = provenance["measured"][key];
    EXPECT_LE(how["lowest"], how["median"]);
    EXPECT_LE(how["median"], how["highest"]);
    EXPECT_EQ(how["median"], document["costs"][key]);
  }
  EXPECT_EQ(provenance["repetitions"], 3);
  EXPECT_FALSE(provenance["kernel"].get<std::string>().empty());
}

TEST(Calibrate, EveryProbeMeasuresACostThatExists) {
  for (const Probe& probe : Probes()) EXPECT_NE(FindCost(probe.cost), nullptr) << probe.cost;
}

TEST(Calibrate, WhatIsMissingIsListedWithTheReason) {
  Calibration calibration;
  calibration.costs = {{"wp_page", "how", {1, 2, 3}, ""}, {"set_mode", "how", {}, "not there"}};
  const nlohmann::json document = nlohmann::json::parse(CalibrationJson(calibration));
  EXPECT_EQ(document["costs"]["wp_page_ns"], 2);
  EXPECT_EQ(document["provenance"]["defaults"]["set_mode_ns"], "not there");
  EXPECT_EQ(MeasuredLine(calibration.costs[1]), "set_mode                default  not there\n");
}

}  // namespace
}  // namespace uffdsim
