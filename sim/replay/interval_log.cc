#include "sim/replay/interval_log.h"

#include <algorithm>

namespace uffdsim {
namespace {

constexpr SeriesInfo kSeries[] = {
#define SERIES(name, kind, sentence) {#name, SeriesKind::kind, sentence, &IntervalRow::name},
#include "sim/replay/series.def"
#undef SERIES
};

}  // namespace

std::span<const SeriesInfo> SeriesRows() { return kSeries; }

void IntervalLog::Close(std::uint64_t end_ns, IntervalRow totals, Whole whole) {
  totals.stall_ns = stalls_.sum();
  totals.stall_ns_p50 = of_interval_.Percentile(500);
  totals.stall_ns_p99 = of_interval_.Percentile(990);
  totals.stall_ns_max = of_interval_.max();
  totals.seen_pages = seen_;
  totals.false_hot_pages = false_hot_;
  totals.missed_hot_pages = missed_hot_;
  of_interval_ = {};

  IntervalRow row;
  for (const SeriesInfo& series : kSeries) {
    const std::uint64_t now = totals.*series.member;
    row.*series.member = series.kind == SeriesKind::kDelta ? now - before_.*series.member : now;
  }
  row.begin_ns = begin_ns_;
  row.end_ns = end_ns;
  rows_.push_back(row);
  before_ = totals;
  begin_ns_ = end_ns;

  true_max_ = std::max(true_max_, row.wss_true_pages);
  resident_sum_ += row.resident_pages;
  if (whole == Whole::kCutOff) return;
  ++intervals_;
  true_sum_ += row.wss_true_pages;
  estimate_sum_ += row.wss_estimate_pages;
  const std::uint64_t error = std::max(row.wss_true_pages, row.wss_estimate_pages) -
                              std::min(row.wss_true_pages, row.wss_estimate_pages);
  error_sum_ += error;
  error_max_ = std::max(error_max_, error);
}

void IntervalLog::Fill(ReplayMetrics* metrics) const {
  ReplayMetrics& m = *metrics;
  const std::uint64_t intervals = std::max<std::uint64_t>(intervals_, 1);
  m.intervals = intervals_;
  m.resident_pages_mean = rows_.empty() ? 0 : resident_sum_ / rows_.size();
  m.wss_true_mean_pages = true_sum_ / intervals;
  m.wss_true_max_pages = true_max_;
  m.wss_estimate_mean_pages = estimate_sum_ / intervals;
  m.wss_error_mean_pages = error_sum_ / intervals;
  m.wss_error_max_pages = error_max_;
  m.wss_error_rate = Millionths(error_sum_, true_sum_);
  m.seen_pages = seen_;
  m.false_hot_pages = false_hot_;
  m.false_hot_rate = Millionths(false_hot_, seen_);
  m.missed_hot_pages = missed_hot_;
  m.missed_hot_rate = Millionths(missed_hot_, true_sum_);
  m.stalls = stalls_.count();
  m.stall_ns_total = stalls_.sum();
  m.stall_ns_p50 = stalls_.Percentile(500);
  m.stall_ns_p99 = stalls_.Percentile(990);
  m.stall_ns_p999 = stalls_.Percentile(999);
  m.stall_ns_max = stalls_.max();
}

}  // namespace uffdsim
