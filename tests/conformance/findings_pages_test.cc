// Does every finding have its page and its program, and do they say what the tables say?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sim/conform/findings_page.h"
#include "sim/conform/reproducer.h"

namespace uffdsim {
namespace {

using testing::HasSubstr;

const std::string kTests = UFFDSIM_SOURCE_DIR "/tests/conformance";
const std::string kPages = kTests + "/findings";

std::string Whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class FindingPage : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    for (const FindingRow& row : Findings()) {
      if (row.name == GetParam()) row_ = &row;
    }
    for (const FindingPageRow& page : FindingPages()) {
      if (page.name == GetParam()) page_ = &page;
    }
    ASSERT_NE(row_, nullptr) << "no row in sim/explore/findings.def";
    ASSERT_NE(page_, nullptr) << "no row in sim/conform/findings.def";
  }

  const FindingRow* row_ = nullptr;
  const FindingPageRow* page_ = nullptr;
};

TEST_P(FindingPage, SaysWhatTheTablesSay) {
  const std::string text = Whole(kPages + "/" + GetParam() + ".md");
  EXPECT_THAT(text, HasSubstr("violates " + std::string(row_->invariant) + "; confirmed on 7.3.4"));
  const auto row = [](const std::string& name, std::string_view value) {
    return "| " + name + " | " + std::string(value) + " |\n";
  };
  EXPECT_THAT(text, HasSubstr(std::string(row_->explanation)));
  EXPECT_THAT(text, HasSubstr(row("kernel function", "`" + std::string(row_->kernel) + "`")));
  EXPECT_THAT(text, HasSubstr(row("since", page_->since)));
  EXPECT_THAT(text, HasSubstr(row("expected", page_->expected)));
  EXPECT_THAT(text, HasSubstr("| observed | the kernel's answers and, last, its pages are below"));
  EXPECT_THAT(text, HasSubstr(row("suggestion", page_->suggestion)));
  EXPECT_THAT(text, HasSubstr("```\n" + std::string(row_->scenario) + "```\n"));
  EXPECT_THAT(text, HasSubstr("What the kernel answered:\n\n```\n{\"i\":0,"));
  // A call that never ends is the last: nobody looks behind it.
  const bool endless = text.find("the call never ends there either") != std::string::npos;
  EXPECT_EQ(text.find("\"op\":\"observe\"") == std::string::npos, endless);
}

TEST_P(FindingPage, HasTheScenariosProgram) {
  const std::string path = kPages + "/" + GetParam() + ".c";
  const auto program = FindingProgram(*row_);
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_TRUE(Whole(path) == *program) << path << " is not what the scenario makes";
  const std::string compile = "gcc -Wall -Werror -pthread -fsyntax-only " + path;
  EXPECT_EQ(std::system(compile.c_str()), 0) << compile;
}

// A state that only a driver or the kernel itself can hold open is shown by the model alone.
bool HasPage(const FindingRow& row) {
  return !absl::IsInvalidArgument(FindingProgram(row).status());
}

std::set<std::string> AllNames() {
  std::set<std::string> names;
  for (const FindingRow& row : Findings()) {
    if (HasPage(row)) names.insert(std::string(row.name));
  }
  for (const FindingPageRow& page : FindingPages()) names.insert(std::string(page.name));
  return names;
}

std::string NameOf(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, FindingPage, testing::ValuesIn(AllNames()), NameOf);

// A sleeper's later end belongs to another record; bytes count as much as how a call ended.
TEST(Reproducer, IsHeldAgainstTheScenarioRecordByRecord) {
  const std::vector<std::string> records = {
      R"({"i":0,"op":"read","status":"ok","ret":3,"values":[[17,2],[0,1]]})",
      R"({"i":1,"op":"write","status":"blocked","blocked_in":"handle_userfault"})",
      R"({"i":2,"op":"wake","status":"error","errno":"EINVAL","ret":-1})"};
  std::vector<std::string> output = {"[  0] read A 0 3   byte 17",
                                     "[  0] read A 0 3   byte 17",
                                     "[  0] read A 0 3   byte 0",
                                     "[  0] read A 0 3   ok 3",
                                     "[  1] write A 0 1  handle_userfault 0",
                                     "[  1] write A 0 1  ok 1",
                                     "[  2] wake U A 0 1 EINVAL -1"};
  EXPECT_EQ(ReproducerDiffers(output, records), "");
  output[2] = "[  0] read A 0 3   byte 17";
  EXPECT_EQ(ReproducerDiffers(output, records),
            "operation 0 (read): ok 17 17 17 where the scenario has ok 17 17 0");
  output[2] = "[  0] read A 0 3   byte 0";
  output.pop_back();
  EXPECT_EQ(ReproducerDiffers(output, records),
            "operation 2 (wake): nothing where the scenario has EINVAL");
}

// How pages are cut into runs says nothing; what pagemap and the scan say of them does.
TEST(Reproducer, IsHeldAgainstTheLastObservation) {
  const std::vector<std::string> records = {
      R"({"i":0,"process":0,"op":"observe","processes":[{"process":0,"regions":{"B":{"pages":[)"
      R"({"page":0,"count":1,"pagemap":"P--U---","scan":"---p------"},)"
      R"({"page":1,"count":1,"pagemap":"P--U---","scan":"---p------"}]}}}]})"};
  EXPECT_EQ(ReproducerDiffers({"[  0] B 0+2 pagemap P--U--- ---p------"}, records), "");
  EXPECT_EQ(ReproducerDiffers({"[  0] B 0+1 pagemap P--U--- ---p------",
                               "[  0] B 1+1 pagemap P--U--- ---p------"},
                              records),
            "");
  EXPECT_EQ(ReproducerDiffers({"[  0] B 0+2 pagemap P------ ---p------"}, records),
            "operation 0 (observe): B 0+2 P------ ---p------ where the scenario has "
            "B 0+2 P--U--- ---p------");
}

TEST(FindingPages, NoneIsLeftOfAFindingThatIsGone) {
  const std::set<std::string> names = AllNames();
  for (const auto& entry : std::filesystem::directory_iterator(kPages)) {
    EXPECT_TRUE(names.contains(entry.path().stem().string())) << entry.path();
  }
}

TEST(FindingPages, AreListedInTheReadme) {
  const std::string readme = Whole(kTests + "/README.md");
  for (const FindingRow& row : Findings()) {
    if (!HasPage(row)) continue;
    const std::string name(row.name);
    EXPECT_THAT(readme, HasSubstr("| [" + name + "](findings/" + name + ".md) | " +
                                  std::string(row.invariant) + " |"));
  }
}

}  // namespace
}  // namespace uffdsim
