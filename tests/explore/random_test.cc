// Does the random explorer find what is there, shrink it, and give the same answer however many
// threads work?
#include "sim/explore/random.h"

#include <gtest/gtest.h>

#include "sim/explore/failure.h"
#include "sim/explore/generate/generator.h"
#include "sim/explore/shrink.h"
#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"

namespace uffdsim {
namespace {

Scenario Parsed(const std::string& text) {
  auto scenario = ParseScenario("test", text);
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return *std::move(scenario);
}

std::size_t Count(const Scenario& scenario, OpCode code) {
  std::size_t count = 0;
  for (const Line& line : scenario.lines) {
    count += line.kind == Line::Kind::kOperation && line.statement.code == code ? 1 : 0;
  }
  return count;
}

TEST(Generator, TheSameSeedDrawsTheSameSequence) {
  MachineConfig config;
  config.arch = FindArch("x86_64");
  GenerateOptions options;
  options.seed = 5;
  const std::string first = FormatScenario(GenerateScenario(options, config));
  EXPECT_EQ(FormatScenario(GenerateScenario(options, config)), first);
  options.seed = 6;
  EXPECT_NE(FormatScenario(GenerateScenario(options, config)), first);
}

TEST(Generator, MostStatementsMeanSomething) {
  MachineConfig config;
  config.arch = FindArch("x86_64");
  std::size_t performed = 0;
  std::size_t worked = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    GenerateOptions options;
    options.seed = seed;
    const Scenario scenario = GenerateScenario(options, config);
    const auto result = RunScenario(scenario, RunOptions{});
    ASSERT_TRUE(result.ok()) << result.status();
    for (const Record& record : result->records) {
      ++performed;
      worked += record.outcome.status == Outcome::Status::kOk ||
                        record.outcome.status == Outcome::Status::kBlocked
                    ? 1
                    : 0;
    }
  }
  EXPECT_GT(worked * 10, performed * 7);
}

TEST(Generator, ForARealKernelItLooksOftenAndDoesOnlyWhatThatCanDo) {
  MachineConfig config;
  config.arch = FindArch("x86_64");
  GenerateOptions options;
  options.real_kernel = true;
  options.length = 40;
  for (options.seed = 1; options.seed <= 20; ++options.seed) {
    const Scenario scenario = GenerateScenario(options, config);
    EXPECT_GE(Count(scenario, OpCode::k_observe), 10U);
    EXPECT_EQ(scenario.lines.back().statement.code, OpCode::k_observe);
  }
}

TEST(Shrink, LinesWordsAndNumbersGo) {
  const Scenario failing = Parsed(
      "map R1 shmem 16\nmap R2 anon 8 populate\nuffd U3 features=rwp,sigbus\n"
      "write R2 5 17 3\nfork 1\n@1 read R1 3\nscan R2 0 8 category=accessed,present max=3\n");
  const Shrunk shrunk = Shrink(failing, [](const Scenario& candidate) {
    for (const Line& line : candidate.lines) {
      const Statement& s = line.statement;
      if (s.code == OpCode::k_scan && (s.scan.category_mask & 8) != 0) return true;
    }
    return false;
  });
  EXPECT_EQ(FormatScenario(shrunk.scenario), "scan A 0 0 category=present\n");
}

TEST(Shrink, WhoDoesALineStays) {
  const Scenario failing = Parsed("map A anon 1\nuffd U features=none  # handler\nread A 0\n");
  const Shrunk shrunk = Shrink(
      failing, [](const Scenario& candidate) { return Count(candidate, OpCode::k_uffd) == 1; });
  EXPECT_EQ(FormatScenario(shrunk.scenario), "uffd U  # handler\n");
}

TEST(Shrink, WhatDoesNotFailComesBackAsItWas) {
  const Scenario scenario = Parsed("map R1 anon 4\nread R1 0\n");
  const Shrunk shrunk = Shrink(scenario, [](const Scenario&) { return false; });
  EXPECT_EQ(FormatScenario(shrunk.scenario), FormatScenario(scenario));
}

// mprotect forgets that what is armed stays PROT_NONE.
RandomOptions Seeded() {
  RandomOptions options;
  options.machine.profile = "ideal";
  options.machine.defects = {"omit:protected_present"};
  options.seed = 2;
  options.sequences = 40;
  return options;
}

TEST(Random, ASeededDefectIsFoundAndBecomesTheShortestScenario) {
  const auto result = CheckRandom(Seeded());
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_TRUE(result->failure.has_value());
  EXPECT_EQ(FormatScenario(result->failure->scenario),
            "arch x86_64\n"
            "profile ideal\n"
            "defect omit:protected_present\n"
            "map A anon 2\n"
            "write A 1 0\n"
            "uffd U features=rwp\n"
            "register U A 0 2 rwp\n"
            "rwprotect U A 0 2 on\n"
            "mprotect A 1 1 none\n");
  const auto text = FailureText(result->failure->scenario, "loss.scn");
  ASSERT_TRUE(text.ok());
  EXPECT_NE(text->find("NoLossWithoutReason"), std::string::npos);
  for (const char* row :
       {"\nstep       mprotect/apply\n", "\nkernel     mm/mprotect.c ", "\nword       pte ",
        "\nreplay     uffdsim scenario run loss.scn --check\n"}) {
    EXPECT_NE(text->find(row), std::string::npos) << row << *text;
  }
  const auto json = FailureJson(result->failure->scenario, "loss.scn");
  ASSERT_TRUE(json.ok());
  for (const char* field :
       {"\"kernel\":\"mm/mprotect.c", "\"before\":\"pte ", "\"after\":\"pte "}) {
    EXPECT_NE(json->find(field), std::string::npos) << field << *json;
  }
}

TEST(Random, TheResultDoesNotDependOnTheThreads) {
  RandomOptions options = Seeded();
  const auto one = CheckRandom(options);
  options.threads = 3;
  const auto three = CheckRandom(options);
  ASSERT_TRUE(one.ok() && three.ok());
  EXPECT_EQ(one->sequences, three->sequences);
  EXPECT_EQ(one->statements, three->statements);
  ASSERT_TRUE(one->failure.has_value() && three->failure.has_value());
  EXPECT_EQ(FormatScenario(one->failure->scenario), FormatScenario(three->failure->scenario));
}

TEST(Random, UnknownNamesAreErrors) {
  RandomOptions options;
  options.machine.arch = "x86_65";
  EXPECT_FALSE(CheckRandom(options).ok());
  options = {};
  options.sequences = 1;
  options.machine.profile = "idea";
  EXPECT_FALSE(CheckRandom(options).ok());
}

}  // namespace
}  // namespace uffdsim
