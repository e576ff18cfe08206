// Is a sweep's spec understood, and each mistake in one reported where it stands?
#include "sim/sweep/spec.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sweep/sweep_test_util.h"

namespace uffdsim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kBoot = std::string(UFFDSIM_SOURCE_DIR) + "/traces/samples/boot.uft";

absl::StatusOr<std::string> NoFiles(const std::string& path) {
  return absl::InvalidArgumentError("cannot read '" + path + "'");
}

absl::StatusOr<SweepPlan> Plan(const std::string& text) {
  return PlanSweep(text, "spec.json", NoFiles);
}

std::string ErrorOf(const std::string& text) {
  const absl::StatusOr<SweepPlan> plan = Plan(text);
  return plan.ok() ? "no error" : std::string(plan.status().message());
}

TEST(SweepSpec, TheFirstAxisVariesSlowest) {
  const absl::StatusOr<SweepPlan> plan = Plan(R"({"axes": {"tracker": ["rwp", "oracle"],
      "dram": ["25%", "50%"]}, "options": {"trace": ")" +
                                              kBoot + R"(", "seed": 3}})");
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::vector<std::string> order;
  for (const SweepRun& run : plan->runs) {
    order.push_back(run.options.tracker + " " + run.options.dram);
    EXPECT_EQ(run.config.seed, 3U);
  }
  EXPECT_THAT(order, ElementsAre("rwp 25%", "rwp 50%", "oracle 25%", "oracle 50%"));
  EXPECT_EQ(plan->traces.at(kBoot).distinct_pages, 27092U);
}

TEST(SweepSpec, MistakesAreReportedWhereTheyStand) {
  const std::string trace = R"("trace": [")" + kBoot + R"("])";
  const std::pair<std::string, const char*> bad[] = {
      {"", "spec.json:1:1: expected a JSON document, found its end"},
      {"{\n \"axes\": {]}", "spec.json:2:11: expected a JSON document, found ']'"},
      {"[1]", "spec.json:1:1: expected an object with \"axes\""},
      {"{\"axes\": {}}", "spec.json:1:10: /axes: no trace"},
      {"{\"axis\": {}}", "spec.json:1:10: /axis: expected an object with \"axes\""},
      {"{\"axes\": [1]}", "spec.json:1:10: /axes: expected an object"},
      {"{\"axes\": {" + trace + ",\n  \"tracker\": [\"rwp\", \"orakle\"]}}",
       "spec.json:2:22: /axes/tracker/1: unknown tracker 'orakle'; did you mean oracle?"},
      {"{\"axes\": {" + trace + ",\n\"tracer\": [\"rwp\"]}}",
       "spec.json:2:11: /axes/tracer: unknown key 'tracer'"},
      {"{\"axes\": {" + trace + ",\n\"dram\": []}}",
       "spec.json:2:9: /axes/dram: expected an array of at least one value"},
      {"{\"axes\": {" + trace + ",\n\"dram\": [\"50%\", \"50%\"]}}",
       "spec.json:2:17: /axes/dram/1: '50%' occurs twice on this axis"},
      {"{\"axes\": {" + trace + ",\n\"seed\": [1.5]}}",
       "spec.json:2:10: /axes/seed/0: expected a string, a whole number or a boolean"},
      {"{\"axes\": {" + trace + ",\n\"interval\": [\"5\"]}}", "spec.json:2:14: /axes/interval/0: "},
      {"{\"axes\": {" + trace + ",\n\"costs\": [\"none.json\"]}}",
       "spec.json:2:11: /axes/costs/0: cannot read 'none.json'"},
      {"{\"axes\": {" + trace + "},\n\"options\": {\"trace\": \"x\"}}",
       "spec.json:2:22: /options/trace: also an axis"},
      {"{\"axes\": {\"trace\": [\"a\"],\n\"trace\": [\"b\"]}}",
       "spec.json:2:1: key \"trace\" occurs twice"},
      {"{\"axes\": {\"trace\": [\"absent.uft\"]}}", "spec.json:1:21: /axes/trace/0: absent.uft"},
  };
  for (const auto& [text, expected] : bad) {
    EXPECT_THAT(ErrorOf(text), HasSubstr(expected)) << text;
  }
}

std::vector<std::string> DigestsOf(const std::string& axes) {
  const absl::StatusOr<SweepPlan> plan = Plan("{\"axes\": {" + axes + "}}");
  EXPECT_TRUE(plan.ok()) << plan.status();
  std::vector<std::string> digests;
  for (const SweepRun& run : plan->runs) digests.push_back(run.digest);
  return digests;
}

class SweepDigest : public SweepTest {};

TEST_F(SweepDigest, IsOfContentsAndNotOfNames) {
  const std::string trace = "\"trace\": [\"" + kBoot + "\"]";
  const std::vector<std::string> plain = DigestsOf(trace);
  EXPECT_EQ(plain[0].size(), 32U);
  std::filesystem::copy_file(kBoot, Path("copy.uft"));
  EXPECT_EQ(DigestsOf("\"trace\": [\"" + Path("copy.uft") + "\"]"), plain);
  EXPECT_EQ(DigestsOf(trace + ", \"interval\": [\"50000us\"]"), plain);  // the default, otherwise
  EXPECT_EQ(DigestsOf(trace + ", \"what_if\": [\"syscall=x1\"]"), plain);
  for (const char* other : {"\"seed\": [2]", "\"dram\": [\"25%\"]", "\"what_if\": [\"syscall=x2\"]",
                            "\"policy\": [\"clock\"]", "\"check\": [true]"}) {
    EXPECT_NE(DigestsOf(trace + ", " + other), plain) << other;
  }
}

}  // namespace
}  // namespace uffdsim
