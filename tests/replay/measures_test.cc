// Do the measures say what a person finds with pencil and paper?
#include <gtest/gtest.h>

#include "sim/replay/interval_log.h"
#include "sim/replay/sensitivity.h"
#include "tests/replay/replay_test_util.h"

namespace uffdsim {
namespace {

// 40 pages written in the first interval, 10 of them read in each of the next three.
ReplayResult FourRounds(std::vector<std::pair<std::string, std::string>> changes) {
  changes.emplace_back("interval", "10ms");
  MemoryStream stream(1024);
  stream.Epoch(0, kMs, Range(0, 40, kTouchWrite));
  for (std::uint64_t i = 1; i < 4; ++i) {
    stream.Epoch((10 * i + 5) * kMs, (10 * i + 6) * kMs, Range(0, 10, kTouchRead));
  }
  stream.Epoch(45 * kMs, 46 * kMs, Range(900, 1, kTouchRead));
  return MustRun(Config(changes), stream);
}

TEST(Hot, TheOracleIsNeverWrong) {
  const ReplayMetrics m = FourRounds({{"tracker", "oracle"}}).metrics;
  EXPECT_EQ(m.false_hot_pages, 0);
  EXPECT_EQ(m.missed_hot_pages, 0);
}

// WP does not see reads: 10 pages missed in each of three intervals, of 70 touched.
TEST(Hot, PagesThatATrackerCannotSeeAreMissed) {
  const ReplayMetrics m = FourRounds({{"tracker", "wp-async"}}).metrics;
  EXPECT_EQ(m.seen_pages, 40);
  EXPECT_EQ(m.false_hot_pages, 0);
  EXPECT_EQ(m.missed_hot_pages, 30);
  EXPECT_EQ(m.missed_hot_rate, (30 * 1'000'000 + 35) / 70);
}

// One window of 1,024 pages that never comes round again: pages that came in after the first plan
// stay unarmed and count as hot until the next one, which is in each interval.
TEST(Hot, PagesLeftAloneAreFalselyHot) {
  const ReplayMetrics m = FourRounds({{"arming", "window:share=0.25"}}).metrics;
  // Armed at 40 ms only: 40 are called hot in four intervals, 40 + 3 x 10 were touched.
  EXPECT_EQ(m.seen_pages, 160);
  EXPECT_EQ(m.false_hot_pages, 90);
  EXPECT_EQ(m.missed_hot_pages, 0);
  EXPECT_EQ(m.false_hot_rate, 562'500);
}

TEST(Rates, AreSharesOfWhatTheySay) {
  const ReplayMetrics m = FourRounds({}).metrics;
  EXPECT_EQ(m.accesses, 71);
  EXPECT_EQ(m.faults_missing, 41);
  EXPECT_EQ(m.miss_rate, (41 * 1'000'000 + 35) / 71);
  EXPECT_EQ(m.refault_rate, 0);
  EXPECT_EQ(m.tracking_cpu_rate, Millionths(m.tracker_busy_ns, m.virtual_ns));
}

TEST(Series, DifferencesAddUpToTheTotals) {
  MemoryStream stream(1024);
  for (std::uint64_t round = 0; round < 40; ++round) {
    stream.Epoch(round * 5 * kMs, (round * 5 + 4) * kMs, Range(0, 200, kTouchWrite));
  }
  const ReplayResult r =
      MustRun(Config({{"interval", "10ms"}, {"dram", "480KiB"}, {"policy", "fifo"}}), stream);
  for (const SeriesInfo& series : SeriesRows()) {
    if (series.kind != SeriesKind::kDelta) continue;
    std::uint64_t sum = 0;
    for (const IntervalRow& row : r.intervals) sum += row.*series.member;
    for (const MetricRow& metric : ReplayMetricRows()) {
      // Waiting for frames moves from refetching to eviction at the end of a run.
      if (metric.name != series.name || metric.name == "lost_to_eviction_ns" ||
          metric.name == "lost_to_refetch_ns") {
        continue;
      }
      EXPECT_EQ(sum, r.metrics.*metric.member) << series.name;
    }
  }
  EXPECT_GT(r.metrics.refetched_pages, 100);
  EXPECT_LE(r.metrics.stall_ns_p99, r.metrics.stall_ns_p999);
  EXPECT_LE(r.metrics.stall_ns_p999, r.metrics.stall_ns_max);
}

TEST(Histogram, TheDistributionIsExactForSmallValuesAndEndsWithEverything) {
  Histogram h;
  for (std::uint64_t v = 1; v <= 1000; ++v) h.Add(v);
  const auto points = h.Cumulative();
  ASSERT_FALSE(points.empty());
  EXPECT_EQ(points.front(), (std::pair<std::uint64_t, std::uint64_t>{1, 1}));
  EXPECT_EQ(points.back(), (std::pair<std::uint64_t, std::uint64_t>{1000, 1000}));
  for (const auto& [value, count] : points) EXPECT_EQ(value, count);
}

// Two contenders: one pays for scans only, the other twice for copies.
TEST(Sensitivity, ElasticitiesAndTurningPoints) {
  std::vector<ReplayConfig> contenders = {Config({{"seed", "1"}}), Config({{"seed", "2"}})};
  for (ReplayConfig& config : contenders) {
    config.costs.scan_page_ps = 1500;
    config.costs.copy_page_ps = 1000;
  }
  const absl::StatusOr<Sensitivity> s = RunSensitivity(
      contenders, 2,
      [](const ReplayConfig& config) -> absl::StatusOr<std::uint64_t> {
        return config.seed == 1 ? config.costs.scan_page_ps : 2 * config.costs.copy_page_ps;
      },
      [](std::size_t, std::size_t) {});
  ASSERT_TRUE(s.ok());
  EXPECT_EQ(s->slowdowns, (std::vector<std::uint64_t>{1500, 2000}));
  ASSERT_EQ(s->rows.size(), 2U);
  EXPECT_EQ(s->rows[0].cost, "scan_page");
  EXPECT_DOUBLE_EQ(s->rows[0].elasticity, 1.0);
  EXPECT_TRUE(s->rows[0].turns);  // doubled, scans cost more than copies
  EXPECT_EQ(s->rows[1].cost, "copy_page");
  EXPECT_DOUBLE_EQ(s->rows[1].elasticity, 0.0);
  EXPECT_TRUE(s->rows[1].turns);
}

}  // namespace
}  // namespace uffdsim
