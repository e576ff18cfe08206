// Cached translations (`hardware tlb`): the clean code flushes what it takes away, and a flush that
// is left out is found, in every state of a small machine and in a scenario that replays by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/explore/counterexample.h"
#include "sim/explore/exhaustive.h"
#include "sim/explore/judge.h"
#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"

namespace uffdsim {
namespace {

using testing::HasSubstr;

absl::StatusOr<ExhaustiveResult> Explore(const std::string& name,
                                         const std::vector<std::string>& defects) {
  auto alphabet = LoadAlphabet(name, {.pages = 2, .processes = 2});
  if (!alphabet.ok()) return alphabet.status();
  const auto setting =
      MakeSetting(*std::move(alphabet),
                  {.arch = "x86_64-tiny", .profile = "ideal", .defects = defects, .tlb = true}, 1);
  if (!setting.ok()) return setting.status();
  ExhaustiveOptions options;
  options.transitions_max = 200'000;
  return Exhaust(*setting, options);
}

TEST(Tlb, StaleTranslationsAreStatesAndNoneIsLeftBehind) {
  const auto result = Explore("rwp-anon", {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->found.empty());
  EXPECT_EQ(result->states, 6605U) << "without cached translations there are 3,731";
}

TEST(Tlb, AFlushThatIsLeftOutIsFound) {
  for (const char* defect : {"omit:flush_protected", "omit:flush_zapped"}) {
    const auto result = Explore("rwp-anon", {defect});
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_FALSE(result->found.empty()) << defect;
    EXPECT_EQ(result->found[0].violation.name, "NoStaleTranslation") << defect;
    EXPECT_LE(result->found[0].letters.size(), 2U) << defect;
  }
}

constexpr char kWrittenThroughTheOldEntry[] =
    "profile ideal\nhardware tlb\ndefect omit:flush_forked\n"
    "map A anon 1\nwrite A 0 17\nfork 1\nwrite A 0 18\n@1 read A 0\nexpect values 18\n";

// The child shares a frame that the parent still writes to through its old translation.
TEST(Tlb, AScenarioSaysSoItself) {
  const auto scenario = ParseScenario("stale", kWrittenThroughTheOldEntry);
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  EXPECT_THAT(FormatScenario(*scenario), HasSubstr("hardware tlb\n"));
  const auto broken = FirstBroken(*scenario);
  ASSERT_TRUE(broken.ok()) << broken.status();
  ASSERT_TRUE(broken->has_value());
  EXPECT_EQ((*broken)->violation.invariant, "NoStaleTranslation");
  EXPECT_EQ((*broken)->operation, 2U);
}

TEST(Tlb, OtherHardwareIsRefused) {
  const auto scenario = ParseScenario("x", "hardware abacus\nmap A anon 1\n");
  ASSERT_FALSE(scenario.ok());
  EXPECT_THAT(std::string(scenario.status().message()),
              HasSubstr("x:1:10: expected: hardware tlb"));
}

}  // namespace
}  // namespace uffdsim
