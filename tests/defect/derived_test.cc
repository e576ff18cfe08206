// Each derived defect (omit:SITE, wrong-accessor:SITE, a statement left out) is noticed by some
// scenario of this folder:
// the referee reports something, what the scenario shows at its end differs from the clean code, or
// a check of the simulator stops it, as a BUG_ON() would stop the kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "model/defect/catalogue.h"
#include "sim/scenario/parse.h"
#include "sim/scenario/run.h"

namespace uffdsim {
namespace {

// Scenarios in the order of their names, each with a look at everything at the end.
std::vector<Scenario> AllScenarios(const std::string& header) {
  std::set<std::filesystem::path> paths;
  const auto folder = std::filesystem::path(UFFDSIM_SOURCE_DIR) / "tests/defect";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".scn") paths.insert(entry.path());
  }
  std::vector<Scenario> scenarios;
  for (const auto& path : paths) {
    std::ifstream in(path);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    auto scenario = ParseScenario(path.filename().string(), header + text + "observe raw\n");
    EXPECT_TRUE(scenario.ok()) << scenario.status();
    if (scenario.ok()) scenarios.push_back(*std::move(scenario));
  }
  return scenarios;
}

// Everything that a run shows, violations included.
std::string Shown(const Scenario& scenario, const std::vector<std::string>& defects) {
  RunOptions options;
  options.defects = DefectHeader::kIgnored;
  options.more_defects = defects;
  options.checking = Checking::kAlways;
  std::string shown;
  options.on_line = [&shown](const std::string& line) { shown += line + "\n"; };
  const auto result = RunScenario(scenario, options);
  EXPECT_TRUE(result.ok()) << result.status();
  return shown;
}

// A garbled entry may stop the whole process, so each defect gets a process of its own.
bool Noticed(const DefectRow& row, const std::vector<Scenario>& scenarios,
             const std::vector<std::string>& clean) {
  const pid_t child = fork();
  if (child == 0) {
    for (std::size_t i = 0; i < scenarios.size(); ++i) {
      if (Shown(scenarios[i], {std::string(row.id)}) != clean[i]) _exit(1);
    }
    _exit(0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

// Sites that no scenario of this folder reaches with a mark: unsharing, a marked PMD's NUMA hint,
// marks that change their mapping in swap.
const char* const kUnreached[] = {"numa_opened_pmd", "copied_entry", "hugetlb_copied"};
// Flushes that no scenario of this folder needs: nothing is touched before, or nothing after.
const char* const kUnseen[] = {"omit:flush_copied",
                               "omit:flush_hugetlb_copied",
                               "omit:flush_poisoned",
                               "omit:flush_moved_tables",
                               "omit:flush_aged",
                               "omit:flush_ksm_protected",
                               "omit:flush_ksm_replaced",
                               "omit:flush_collapsed",
                               "omit:flush_collapsed_file",
                               "omit:flush_retracted",
                               "omit:flush_split_pmd",
                               "omit:flush_split_folio",
                               "omit:flush_huge_zero_replaced",
                               "omit:flush_device_private"};
const char* const kHalfReached[] = {"omit:moved_softleaf", "omit:uffd_moved_swap"};

// Statements that no scenario of this folder needs: arming twice is the same as once, and the
// others need a scan of a PMD, a discarded or moved protected page, WP's asynchronous resolution.
// What kills them is in sim/explore/KILL.md.
const char* const kStatements[] = {
    "unseen:already_armed",     "unseen:file_unmapped",     "unseen:collapse_refuses_softleaf",
    "unseen:populates_marked",  "unseen:hugetlb_zapped",    "unseen:zap_leaves_marker",
    "unseen:can_follow_write",  "unset:scan_protected_pmd", "kept:protected_nonpresent",
    "kept:protected_hugetlb",   "kept:wp_resolved",         "kept:uffd_moved_swap",
    "kept:uffd_moved_huge_zero"};

std::vector<std::string> Survivors(const std::string& header, std::string_view needs) {
  const std::vector<Scenario> scenarios = AllScenarios(header);
  std::vector<std::string> clean;
  for (const Scenario& scenario : scenarios) clean.push_back(Shown(scenario, {}));
  std::vector<std::string> survivors;
  for (const DefectRow& row : DerivedDefects()) {
    if (row.needs == needs && !Noticed(row, scenarios, clean)) survivors.emplace_back(row.id);
  }
  return survivors;
}

TEST(DerivedDefects, AreNoticedBySomeScenario) {
  std::vector<std::string> expected(std::begin(kHalfReached), std::end(kHalfReached));
  expected.insert(expected.end(), std::begin(kStatements), std::end(kStatements));
  for (const std::string site : kUnreached) {
    expected.push_back("omit:" + site);
    expected.push_back("wrong-accessor:" + site);
  }
  EXPECT_THAT(Survivors("", ""), testing::UnorderedElementsAreArray(expected));
}

TEST(DerivedDefects, FlushesThatAreLeftOutAreNoticed) {
  EXPECT_THAT(Survivors("hardware tlb\n", "tlb"), testing::UnorderedElementsAreArray(kUnseen));
}

}  // namespace
}  // namespace uffdsim
