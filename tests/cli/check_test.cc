// Do the explorers' commands refuse what would count as clean by doing nothing, find an output that
// cannot be written before the work, and never lose a violation?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/cli/program.h"

namespace uffdsim {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kFailing[] = "check exhaustive --defect N4-rwp-mprotect-must-rearm";

Answer Check(const std::string& arguments) { return RunProgram("check " + arguments); }

// A directory of the test's own that goes away with it.
class CheckCli : public testing::Test {
 protected:
  CheckCli() {
    const std::string pattern = "uffdsim-check-" + std::string(6, 'X');
    std::string name = (std::filesystem::temp_directory_path() / pattern).string();
    directory_ = mkdtemp(name.data());
  }
  ~CheckCli() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
};

TEST_F(CheckCli, EmptyWorkIsRefused) {
  for (const char* arguments :
       {"random --sequences 0", "random --sequences -1", "random --length 0",
        "interleave documented --most 0", "interleave documented --pct 0",
        "interleave documented --preemptions -1", "kill --budget 0", "profiles --budget 0",
        "exhaustive --depth -1", "exhaustive --states-max -1"}) {
    const Answer answer = Check(arguments);
    EXPECT_EQ(answer.code, 2) << arguments << answer.text;
    EXPECT_THAT(answer.text, Not(HasSubstr("no violation"))) << arguments;
  }
}

TEST_F(CheckCli, AnOutputThatCannotBeWrittenIsFoundBeforeTheWork) {
  for (const char* arguments :
       {"exhaustive --scenario /proc/nope/x", "exhaustive --json /proc/nope/x",
        "random --out /proc/nope/x", "random --json /proc/nope/x",
        "interleave documented --out /proc/nope/x", "kill --markdown /proc/nope/x",
        "kill --json /proc/nope/x", "profiles --markdown /proc/nope/x",
        "profiles --json /proc/nope/x"}) {
    const Answer answer = Check(arguments);
    EXPECT_EQ(answer.code, 2) << arguments << answer.text;
    EXPECT_THAT(answer.text, HasSubstr("cannot write '/proc/nope/x'")) << arguments;
    EXPECT_THAT(answer.text, Not(HasSubstr("check "))) << arguments;
  }
}

// Where no file was asked for, that there cannot be one shows at the end only.
TEST_F(CheckCli, AViolationThatCannotBeWrittenIsPrinted) {
  std::filesystem::create_directory(directory_ + "/counterexample.scn");
  const std::string command = "cd " + directory_ + " && " + UFFDSIM_PROGRAM + " " + kFailing;
  const Answer answer = RunProgram("--version >/dev/null; " + command);
  EXPECT_EQ(answer.code, 1);
  EXPECT_THAT(answer.text, HasSubstr("cannot write 'counterexample.scn'"));
  EXPECT_THAT(answer.text, HasSubstr("violation  MarkedMeansTrapping"));
  EXPECT_THAT(answer.text, HasSubstr("\ndefect N4-rwp-mprotect-must-rearm\n"));
  EXPECT_THAT(answer.text, Not(HasSubstr("replay ")));
}

TEST_F(CheckCli, AViolationNamesStepWordFunctionAndSentence) {
  const std::string file = directory_ + "/a.scn";
  const Answer answer = RunProgram(std::string(kFailing) + " --scenario " + file);
  EXPECT_EQ(answer.code, 1);
  for (const char* row : {"\nviolation  MarkedMeansTrapping: in an RWP VMA", "\nat         0:A:0\n",
                          "\nstep       mprotect/apply\n", "\nkernel     mm/mprotect.c ",
                          "\nword       pte ", "\nreplay     uffdsim scenario run "}) {
    EXPECT_THAT(answer.text, HasSubstr(row));
  }
  EXPECT_EQ(RunProgram("scenario run " + file + " --check").code, 1);
}

TEST_F(CheckCli, AClosedSpaceWithALetterThatWasNeverPossibleIsRefused) {
  const std::string file = directory_ + "/a.alphabet";
  std::ofstream(file) << "map A anon 1\nletters\nread A 0\n@1 read A 0\n";
  const Answer answer = Check("exhaustive --alphabet " + file);
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(answer.text, HasSubstr("never possible: `@1 read A 0`"));
  EXPECT_THAT(answer.text, Not(HasSubstr("no violation")));
}

TEST_F(CheckCli, ADamagedResumeDirectoryIsRefused) {
  const std::string arguments =
      "exhaustive --alphabet wp-async --pages 1 --resume " + directory_ + "/resume";
  ASSERT_EQ(Check(arguments).code, 0);
  std::ofstream(directory_ + "/resume/progress", std::ios::trunc).flush();
  const Answer answer = Check(arguments);
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(answer.text, HasSubstr("/resume/progress: damaged, expected "));
}

}  // namespace
}  // namespace uffdsim
