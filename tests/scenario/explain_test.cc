// Does `scenario explain` say what each step did, on every architecture?
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "sim/scenario/commands.h"

namespace uffdsim {
namespace {

class Explain : public ::testing::Test {
 protected:
  void SetUp() override {
    file_ = ::testing::TempDir() + "/explain" + std::to_string(::getpid()) + ".scn";
  }
  void TearDown() override { std::remove(file_.c_str()); }

  std::string Of(const std::string& text, ExplainSettings settings = {}) {
    std::ofstream(file_) << text;
    settings.files = {file_};
    std::ostringstream out;
    std::ostringstream err;
    exit_code_ = ExplainScenarioCommand(settings, out, err);
    errors_ = err.str();
    return out.str();
  }

  static bool Has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  std::string file_;
  std::string errors_;
  int exit_code_ = 0;
};

const std::string kArmAndRead =
    "map A anon 4\n"
    "write A 0 7 4\n"
    "uffd U features=rwp\n"
    "register U A 0 4 rwp\n"
    "rwprotect U A 0 4 on\n"
    "read A 2\n"
    "rwprotect U A 2 1 off\n";

TEST_F(Explain, ArmingIsOneChangeOfNeighboursWithItsFlush) {
  const std::string text = Of(kArmAndRead);
  EXPECT_EQ(exit_code_, 0) << errors_;
  EXPECT_TRUE(Has(text, "4  rwprotect U A 0 4 on"));
  EXPECT_TRUE(Has(text, "    A:0+4      pte     ")) << text;
  EXPECT_TRUE(Has(text, "present write young dirty soft-dirty  pfn ")) << text;
  EXPECT_TRUE(Has(text, "-> ")) << text;
  EXPECT_TRUE(Has(text, "protnone young dirty uffd soft-dirty  pfn ")) << text;
  EXPECT_TRUE(Has(text, "    flush TLB A:0+4\n")) << text;
}

TEST_F(Explain, AFaultNamesItsStepsTheKernelAndWhereItSleeps) {
  const std::string text = Of(kArmAndRead);
  EXPECT_TRUE(Has(text, "fault.handle                 mm/memory.c handle_mm_fault()\n")) << text;
  EXPECT_TRUE(Has(text, "    message A:2 R+RWP\n    sleeps in handle_userfault\n")) << text;
  EXPECT_TRUE(Has(text, "    wake U A:2\n")) << text;
  // What a woken thread does is told under the operation that woke it.
  ExplainSettings all;
  all.steps = StepsShown::kAll;
  EXPECT_TRUE(Has(Of(kArmAndRead, all), "  fault.woken [5] "));
}

TEST_F(Explain, OneStepOperationsNameTheKernelsFunction) {
  const std::string text = Of(kArmAndRead);
  EXPECT_TRUE(Has(text, "  rwprotect.start              mm/userfaultfd.c mrwprotect_range()\n"))
      << text;
  EXPECT_TRUE(Has(Of("map A anon 1\nwrite A 0 7\nclear_refs 4\n"),
                  "  clear_refs.start             fs/proc/task_mmu.c clear_refs_write()\n"));
}

TEST_F(Explain, SwapMigrationAndMarkersAreNamed) {
  const std::string text =
      Of("swapon\n"
         "map A anon 1\n"
         "write A 0 7\n"
         "migrate_begin A 0 1\n"
         "migrate_end\n"
         "madvise A 0 1 PAGEOUT\n"
         "madvise A 0 1 GUARD_INSTALL\n");
  EXPECT_TRUE(Has(text, "migrate.unmap")) << text;
  EXPECT_TRUE(Has(text, "migration-write young dirty soft-dirty  pfn ")) << text;
  EXPECT_TRUE(Has(text, "swap exclusive soft-dirty  slot 1")) << text;
  EXPECT_TRUE(Has(text, "marker guard")) << text;
}

TEST_F(Explain, EveryArchitectureHasItsOwnBitsAndTheSameWords) {
  for (const char* arch : {"x86_64", "arm64", "riscv64", "powerpc64", "s390x", "loongarch64"}) {
    ExplainSettings settings;
    settings.arch = arch;
    const std::string text = Of("map A anon 2\nwrite A 0 7 2\nmprotect A 0 2 none\n", settings);
    EXPECT_EQ(exit_code_, 0) << arch << errors_;
    EXPECT_TRUE(Has(text, "    A:0+2      pte     ")) << text;
    EXPECT_TRUE(Has(text, "none\n")) << text;
    EXPECT_TRUE(Has(text, "present write ")) << text;
    EXPECT_TRUE(Has(text, "protnone ")) << text;
  }
}

TEST_F(Explain, ProcessesAreToldApart) {
  const std::string text = Of("map A anon 1\nwrite A 0 7\nfork 1\n@1 write A 0 8\n");
  EXPECT_TRUE(Has(text, "    mm1:A:0    pte     0000000000000000")) << text;
  EXPECT_TRUE(Has(text, "    1:A:0      pte     ")) << text;
}

TEST_F(Explain, JsonIsTheRecordWithItsSteps) {
  ExplainSettings settings;
  settings.form = OutputForm::kJson;
  std::istringstream lines(Of(kArmAndRead, settings));
  std::string line;
  for (int i = 0; i <= 4; ++i) std::getline(lines, line);
  const auto record = nlohmann::json::parse(line);
  EXPECT_EQ(record["op"], "rwprotect");
  ASSERT_EQ(record["steps"].size(), 1U);
  const auto& change = record["steps"][0]["changes"][0];
  EXPECT_EQ(change["at"], "A:0");
  EXPECT_EQ(change["count"], 4);
  EXPECT_EQ(change["after"]["means"], "protnone young dirty uffd soft-dirty");
  EXPECT_EQ(change["before"]["fields"]["pfn"], change["after"]["fields"]["pfn"]);
}

TEST_F(Explain, MistakesAreBadInput) {
  Of("raed A 0\n");
  EXPECT_EQ(exit_code_, 2);
  EXPECT_TRUE(Has(errors_, "did you mean read"));
  Of("map A anon 1\nread A 0\nexpect values 3\n");
  EXPECT_EQ(exit_code_, 1);
}

}  // namespace
}  // namespace uffdsim
