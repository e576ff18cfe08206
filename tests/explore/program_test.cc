// Is every statement of a program valid, and does each set-up leave the page armed or unmapped?
#include "sim/explore/program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/str_replace.h"
#include "sim/scenario/parse.h"
#include "sim/scenario/run.h"

namespace uffdsim {
namespace {

std::string Concrete(std::string_view text) {
  return absl::StrReplaceAll(std::string(text), {{"$", "17"}, {"%", "0"}});
}

std::string SetupText(const Program& program) {
  std::string text;
  for (const std::string_view line : program.setup) text += std::string(line) + "\n";
  return text;
}

TEST(Programs, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const Program& program : EvictionPrograms()) {
    EXPECT_TRUE(names.insert(program.name).second) << program.name;
    EXPECT_EQ(FindProgram(program.name), &program);
  }
  EXPECT_EQ(FindProgram("no such program"), nullptr);
}

TEST(Programs, EveryStatementIsOne) {
  for (const Program& program : EvictionPrograms()) {
    std::string text = SetupText(program);
    for (const ProgramThread& thread : program.threads) {
      for (const Act& act : thread.acts) text += Concrete(act.text) + "\n";
    }
    for (const Reaction& reaction : program.reactions) {
      text += Concrete(reaction.text) + "\n";
    }
    for (const std::string_view line : program.epilogue) text += std::string(line) + "\n";
    const auto scenario = ParseScenario(program.name, text);
    EXPECT_TRUE(scenario.ok()) << scenario.status();
  }
}

TEST(Programs, EverySetUpWorksAndTheFirstScanIsCold) {
  for (const Program& program : EvictionPrograms()) {
    const std::string text = SetupText(program) +
                             "scan A 0 1 category=accessed return=accessed\nexpect regions none\n"
                             "read B 0\nexpect values 17\n";
    const auto scenario = ParseScenario(program.name, text);
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    const auto result = RunScenario(*scenario, RunOptions{});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE(result->failures.empty()) << program.name;
    for (const Record& record : result->records) {
      EXPECT_EQ(record.outcome.status, Outcome::Status::kOk) << program.name << " " << record.json;
    }
  }
}

TEST(Programs, TheVerdictsComeInBothKinds) {
  const auto programs = EvictionPrograms();
  EXPECT_GE(std::count_if(programs.begin(), programs.end(),
                          [](const Program& p) { return p.verdict == Program::Verdict::kSafe; }),
            3);
  EXPECT_GE(std::count_if(programs.begin(), programs.end(),
                          [](const Program& p) { return p.verdict == Program::Verdict::kBroken; }),
            6);
}

}  // namespace
}  // namespace uffdsim
