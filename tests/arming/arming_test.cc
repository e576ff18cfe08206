// Plans of each arming strategy, worked by hand, and what holds for all of them.
#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/base/rng.h"
#include "sim/vmm/arming/plan.h"
#include "sim/vmm/arming/registry.h"

namespace uffdsim {
namespace {

using ::testing::HasSubstr;

using Ranges = std::vector<std::pair<PageId, std::uint32_t>>;

constexpr std::uint32_t kPages = 4096;

std::unique_ptr<ArmingStrategy> Make(std::string_view text, std::uint64_t interval_ns = 1'000'000) {
  const absl::StatusOr<ArmingChoice> choice = ParseArming(text);
  EXPECT_TRUE(choice.ok()) << choice.status();
  return MakeArming(*choice,
                    {.pages = kPages, .interval_ns = interval_ns, .seed = 1, .parameters = {}});
}

Ranges Plan(ArmingStrategy& strategy, const std::vector<PageRange>& unarmed,
            ArmingReport report = {}) {
  report.unarmed = unarmed;
  std::vector<PageRange> arm;
  strategy.Plan(report, &arm);
  Ranges ranges;
  for (const PageRange& range : arm) ranges.emplace_back(range.first, range.count);
  return ranges;
}

std::uint64_t PagesIn(const Ranges& ranges) {
  std::uint64_t pages = 0;
  for (const auto& [first, count] : ranges) pages += count;
  return pages;
}

TEST(All, ArmsAllMemoryWhateverWasTouched) {
  const auto strategy = Make("all");
  EXPECT_EQ(Plan(*strategy, {}), (Ranges{{0, kPages}}));
  EXPECT_EQ(Plan(*strategy, {{7, 2}}), (Ranges{{0, kPages}}));
  EXPECT_EQ(strategy->Estimate(std::vector<PageRange>{{7, 2}, {90, 3}}), 5u);
}

TEST(Touched, ArmsWhatWasTouchedAndJoinsOverSmallGaps) {
  const auto strategy = Make("touched");
  EXPECT_EQ(Plan(*strategy, {}), Ranges{});
  EXPECT_EQ(Plan(*strategy, {{7, 2}, {300, 3}}), (Ranges{{7, 2}, {300, 3}}));
  // 64 pages that are armed already cost less than another call; 65 do not.
  EXPECT_EQ(Plan(*strategy, {{0, 1}, {65, 1}}), (Ranges{{0, 66}}));
  EXPECT_EQ(Plan(*strategy, {{0, 1}, {66, 1}}), (Ranges{{0, 1}, {66, 1}}));
}

// Page 5 is always touched: armed in its first two intervals, left alone for 1, 2 and 4 plans.
TEST(BackOff, AlwaysHotPagesAreLeftAloneForLongerAndLonger) {
  const auto strategy = Make("back-off:after=2,most=4");
  Plan(*strategy, {});
  std::string armed;
  for (int i = 0; i < 14; ++i) armed += Plan(*strategy, {{5, 1}}).empty() ? '.' : 'A';
  EXPECT_EQ(armed, "AA.A..A....A..");
}

TEST(BackOff, APageThatCooledStartsFromTheBeginning) {
  const auto strategy = Make("back-off:after=2,most=4");
  Plan(*strategy, {});
  for (int i = 0; i < 7; ++i) Plan(*strategy, {{5, 1}});
  EXPECT_TRUE(Plan(*strategy, {}).empty());  // armed, and untouched
  std::string armed;
  for (int i = 0; i < 4; ++i) armed += Plan(*strategy, {{5, 1}}).empty() ? '.' : 'A';
  EXPECT_EQ(armed, "AA.A");
}

TEST(BackOff, ARangeDoesNotGrowOverAPageLeftAlone) {
  const auto strategy = Make("back-off:after=1,most=8");
  Plan(*strategy, {});
  Plan(*strategy, {{5, 1}});
  EXPECT_EQ(Plan(*strategy, {{4, 3}}), (Ranges{{4, 1}, {6, 1}}));
}

TEST(Sample, ArmsAboutItsShareAndEstimatesTheRestFromIt) {
  const auto strategy = Make("sample:share=0.25");
  Plan(*strategy, {});
  const std::vector<PageRange> unarmed = {{0, 4000}};
  const Ranges chosen = Plan(*strategy, unarmed);
  EXPECT_NEAR(static_cast<double>(PagesIn(chosen)), 1000.0, 120.0);
  // None of the chosen was touched, so nor were the others.
  std::vector<PageRange> left;
  PageId at = 0;
  for (const auto& [first, count] : chosen) {
    if (first > at) left.push_back({at, first - at});
    at = first + count;
  }
  if (at < 4000) left.push_back({at, 4000 - at});
  EXPECT_EQ(strategy->Estimate(left), 0u);
  // All of the chosen were touched, so were all.
  EXPECT_EQ(strategy->Estimate(unarmed), 4000u);
  // A page that was armed before and was touched now counts by itself.
  left.push_back({4050, 1});
  EXPECT_EQ(strategy->Estimate(left), 1u);
}

TEST(Region, PeriodsDoubleWhileNothingChanges) {
  const auto strategy = Make("region:pages=1024,change=0.1,most=4");
  Plan(*strategy, {});
  std::string armed;
  for (int i = 0; i < 12; ++i) armed += Plan(*strategy, {{0, 500}}).empty() ? '.' : 'A';
  // Judged after each arming: once 500 differs from 0, then it is the same with periods 2 and 4.
  EXPECT_EQ(armed, "A.A...A...A.");
  EXPECT_EQ(strategy->Estimate(std::vector<PageRange>{{0, 900}}), 500u);  // left alone: as before
}

TEST(Region, AChangeMakesTheRegionWatchedAgain) {
  const auto strategy = Make("region:pages=1024,change=0.1,most=8");
  Plan(*strategy, {});
  for (int i = 0; i < 7; ++i) Plan(*strategy, {{0, 500}});
  std::string armed;
  for (int i = 0; i < 8; ++i) armed += Plan(*strategy, {{0, 10}}).empty() ? '.' : 'A';
  EXPECT_EQ(armed, "A.A...A.");  // without the change: ".......A"
}

// 1 % of a millisecond is 10 us; looking took 2, a page costs 0.1: 80 pages, in turns.
TEST(Budget, BuysAsManyPagesAsIsPaidForAndTakesTurns) {
  const auto strategy = Make("budget:percent=1");
  Plan(*strategy, {});
  const ArmingReport report{.unarmed = {}, .armed_pages = 100, .arm_ns = 10'000, .look_ns = 2'000};
  EXPECT_EQ(Plan(*strategy, {{0, 200}}, report), (Ranges{{0, 80}}));
  EXPECT_EQ(Plan(*strategy, {{0, 200}}, report), (Ranges{{80, 80}}));
  EXPECT_EQ(Plan(*strategy, {{0, 200}}, report), (Ranges{{0, 40}, {160, 40}}));
}

// A look of 50 us is put off until ten intervals have paid 100 for it; half of that buys 500 pages.
TEST(Budget, LooksThatCostTooMuchComeLessOften) {
  const auto strategy = Make("budget:percent=1");
  Plan(*strategy, {});
  EXPECT_EQ(strategy->Intervals(), 1u);
  EXPECT_EQ(PagesIn(Plan(*strategy, {{0, 2000}}, {.unarmed = {}, .look_ns = 50'000})), 500u);
  EXPECT_EQ(strategy->Intervals(), 10u);
  EXPECT_EQ(PagesIn(Plan(*strategy, {{0, 2000}}, {.unarmed = {}, .look_ns = 5'000})), 50u);
  EXPECT_EQ(strategy->Intervals(), 1u);
  // Nothing pays for this one: one page, so that something is learnt.
  EXPECT_EQ(PagesIn(Plan(*strategy, {{0, 2000}}, {.unarmed = {}, .look_ns = 900'000})), 1u);
}

// Pages together cost 10 ns each, one by one 1,000: the price falls by half and rises at once.
TEST(Budget, APriceFallsSlowlyAndRisesAtOnce) {
  const auto strategy = Make("budget:percent=1");
  Plan(*strategy, {});
  const auto bought = [&](std::uint64_t page_ns) {
    const ArmingReport report{.unarmed = {}, .armed_pages = 10, .arm_ns = 10 * page_ns};
    return PagesIn(Plan(*strategy, {{0, 2000}}, report));
  };
  EXPECT_EQ(bought(10), 200u);  // 50 ns
  EXPECT_EQ(bought(10), 400u);
  EXPECT_EQ(bought(1000), 10u);
}

TEST(Window, MovesOnAndBeginsAgain) {
  const auto strategy = Make("window:share=0.375");
  EXPECT_EQ(Plan(*strategy, {}), (Ranges{{0, 1536}}));
  EXPECT_EQ(Plan(*strategy, {}), (Ranges{{1536, 1536}}));
  EXPECT_EQ(Plan(*strategy, {}), (Ranges{{3072, 1024}}));
  EXPECT_EQ(Plan(*strategy, {}), (Ranges{{0, 1536}}));
}

// Ascending, disjoint, inside memory; the same calls give the same plans.
TEST(AllStrategies, PlansAreWellFormedAndRepeatable) {
  for (const ArmingRow& row : ArmingStrategies()) {
    SCOPED_TRACE(row.name);
    const auto one = Make(row.name);
    const auto two = Make(row.name);
    Rng rng(7);
    for (int i = 0; i < 60; ++i) {
      std::vector<PageRange> unarmed;
      for (PageId at = static_cast<PageId>(rng.Below(50)); at < kPages;) {
        const auto count =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(rng.Below(40) + 1, kPages - at));
        if (i > 0) unarmed.push_back({at, count});
        at += count + static_cast<PageId>(rng.Below(300)) + 1;
      }
      EXPECT_LE(one->Estimate(unarmed), PagesOf(unarmed));
      const Ranges plan = Plan(*one, unarmed, {.unarmed = {}, .armed_pages = 10, .arm_ns = 700});
      PageId end = 0;
      for (const auto& [first, count] : plan) {
        EXPECT_GE(first, end);
        EXPECT_GT(count, 0u);
        end = first + count;
      }
      EXPECT_LE(end, kPages);
      ASSERT_EQ(plan, Plan(*two, unarmed, {.unarmed = {}, .armed_pages = 10, .arm_ns = 700}));
    }
  }
}

TEST(Registry, FormatsWhatItParsesAndExplainsWhatItDoesNot) {
  std::set<std::string_view> names;
  for (const ArmingRow& row : ArmingStrategies()) {
    EXPECT_TRUE(names.insert(row.name).second);
    EXPECT_EQ(row.sentence.back(), '.');
    EXPECT_FALSE(row.source.empty());
    const std::string text = FormatArming(*ParseArming(row.name));
    EXPECT_EQ(FormatArming(*ParseArming(text)), text);
  }
  const auto error = [](std::string_view text) {
    return std::string(ParseArming(text).status().message());
  };
  EXPECT_EQ(error("budgte"),
            "arming, character 1: unknown arming strategy 'budgte'; did you mean budget?");
  EXPECT_EQ(error("sample:shrae=1"),
            "arming, character 8: sample has no parameter 'shrae'; did you mean share?");
  EXPECT_THAT(error("sample:share=2"), HasSubstr("expected a number from 0.001 to 1"));
}

}  // namespace
}  // namespace uffdsim
