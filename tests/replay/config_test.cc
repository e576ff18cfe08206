// Are options read as written, and refused with the option, the value and what was expected?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/replay/config.h"
#include "sim/replay/quantity.h"
#include "tests/replay/replay_test_util.h"

namespace uffdsim {
namespace {

using testing::HasSubstr;

TEST(Quantity, Bytes) {
  EXPECT_EQ(*ParseBytes("dram", "4096"), 4096);
  EXPECT_EQ(*ParseBytes("dram", "512KiB"), 512 * 1024);
  EXPECT_EQ(*ParseBytes("dram", "1.5GiB"), 3ULL << 29);
  EXPECT_EQ(*ParseBytes("dram", "2G"), 2ULL << 30);
  for (const char* bad : {"0", "", "MiB", "-1", "1.5.2MiB", "3 MiB", "99999999999T", "1e9"}) {
    EXPECT_FALSE(ParseBytes("dram", bad).ok()) << bad;
  }
}

TEST(Quantity, Durations) {
  EXPECT_EQ(*ParseDuration("interval", "50ms"), 50'000'000);
  EXPECT_EQ(*ParseDuration("interval", "1.5s"), 1'500'000'000);
  EXPECT_EQ(*ParseDuration("interval", "250us"), 250'000);
  for (const char* bad : {"50", "-5ms", "0ms", "ms", "5 ms", "5min"}) {
    EXPECT_FALSE(ParseDuration("interval", bad).ok()) << bad;
  }
}

TEST(Quantity, Percent) {
  EXPECT_EQ(*ParsePercent("dram", "50%"), 500'000);
  EXPECT_EQ(*ParsePercent("dram", "12.5%"), 125'000);
  EXPECT_FALSE(ParsePercent("dram", "0%").ok());
}

TEST(Quantity, FormatReadsBack) {
  for (const std::uint64_t bytes : {1ULL, 4096ULL, 4097ULL, 3ULL << 29, 1ULL << 40}) {
    EXPECT_EQ(*ParseBytes("x", FormatBytes(bytes)), bytes);
  }
  for (const std::uint64_t ns : {1ULL, 50'000'000ULL, 1'500'000'000ULL, 7'000ULL}) {
    EXPECT_EQ(*ParseDuration("x", FormatDuration(ns)), ns);
  }
  for (const std::uint64_t share : {1ULL, 125'000ULL, 500'000ULL, 1'000'000ULL}) {
    EXPECT_EQ(*ParsePercent("x", FormatPercent(share)), share);
  }
}

struct BadOption {
  const char* name;
  const char* value;
  const char* message;
};

class BadOptions : public testing::TestWithParam<BadOption> {};

TEST_P(BadOptions, AreRefusedWithWhatWasExpected) {
  ReplayOptions options;
  for (const OptionRow& row : ReplayOptionRows()) {
    if (row.name == GetParam().name) options.*row.member = GetParam().value;
  }
  const absl::StatusOr<ReplayConfig> config = ResolveReplay(options, "");
  ASSERT_FALSE(config.ok());
  EXPECT_TRUE(absl::IsInvalidArgument(config.status()));
  EXPECT_THAT(std::string(config.status().message()), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadOptions,
    testing::Values(
        BadOption{"dram", "0", "expected a size greater than zero"},
        BadOption{"dram", "0%", "a share of the footprint"}, BadOption{"dram", "much", "'much'"},
        BadOption{"interval", "-5ms", "--interval '-5ms': expected a time"},
        BadOption{"interval", "50", "with its unit"},
        BadOption{"tracker", "rpw", "did you mean rwp"}, BadOption{"policy", "clok", "clock"},
        BadOption{"policy", "min", "future"}, BadOption{"policy", "age:cold=0", "cold"},
        BadOption{"evict", "colt", "cold"}, BadOption{"store", "nvne", "nvme"},
        BadOption{"arch", "x86_46", "x86_64"}, BadOption{"seed", "x", "whole number"},
        BadOption{"rate", "0", "whole number from 1000"},
        BadOption{"what-if", "copy_pag=x2", "copy_page"},
        BadOption{"arm-chunk", "0", "greater than zero"}, BadOption{"evict-batch", "0", "from 1"},
        BadOption{"false-cold", "-1", "whole number"}, BadOption{"fail-reads", "1", "more than 1"},
        BadOption{"check", "maybe", "on"}));

TEST(ConfigFile, SetsWhatItNames) {
  ReplayOptions options;
  const absl::Status status = ApplyConfigJson(
      R"({"trace": "a.uft", "dram": "50%", "seed": 7, "check": true, "arm_chunk": "2MiB"})",
      "c.json", &options);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(options.trace, "a.uft");
  EXPECT_EQ(options.dram, "50%");
  EXPECT_EQ(options.seed, "7");
  EXPECT_EQ(options.check, "on");
  EXPECT_EQ(options.arm_chunk, "2MiB");
  EXPECT_EQ(options.interval, "50ms");  // not named
}

TEST(ConfigFile, RefusesWhatItDoesNotKnow) {
  const std::pair<const char*, const char*> table[] = {
      {R"({"intervall": "50ms"})", "unknown key 'intervall'; did you mean interval"},
      {R"({"seed": -1})", "key 'seed'"},
      {R"({"seed": [1]})", "found array"},
      {R"([])", "expected a JSON object, found array"},
      {R"({"seed": 1)", "c.json: expected one JSON object"},
      {"", "c.json: expected one JSON object"},
  };
  for (const auto& [text, message] : table) {
    ReplayOptions options;
    const absl::Status status = ApplyConfigJson(text, "c.json", &options);
    EXPECT_FALSE(status.ok()) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }
}

// The echo is a configuration that means the same.
TEST(ConfigFile, EchoReadsBack) {
  ReplayOptions options;
  options.dram = "2048K";
  options.interval = "0.05s";
  options.policy = "clock";
  options.store = "nvme:channels=8";
  options.arch = "arm64";
  const absl::StatusOr<ReplayConfig> config = ResolveReplay(options, "");
  ASSERT_TRUE(config.ok());
  const auto echo = Echo(options, *config);
  EXPECT_EQ(echo.size(), ReplayOptionRows().size() + 1);
  ReplayOptions again;
  for (const auto& [key, value] : echo) {
    for (const OptionRow& row : ReplayOptionRows()) {
      if (row.key == key) again.*row.member = value;
    }
  }
  const absl::StatusOr<ReplayConfig> reread = ResolveReplay(again, "");
  ASSERT_TRUE(reread.ok()) << reread.status();
  EXPECT_EQ(Echo(again, *reread), echo);
  EXPECT_EQ(reread->dram.bytes, 2048 * 1024);
  EXPECT_EQ(reread->store.timing.channels, 8);
}

}  // namespace
}  // namespace uffdsim
