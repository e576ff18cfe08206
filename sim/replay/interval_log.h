// What is written down at the end of each tracking interval.
//
// Rules:   a row of series.def is the difference of two running totals, or a level. Working sets of
//          several windows are compared with the tracker's estimate; the tracker's set of touched
//          pages is compared with the true one (false hot, missed).
// Owned by: the replay. Units: pages, virtual nanoseconds.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/replay/histogram.h"
#include "sim/replay/replay.h"

namespace uffdsim {

class IntervalLog {
 public:
  // A stop of a vCPU.
  void AddStall(std::uint64_t ns) {
    stalls_.Add(ns);
    of_interval_.Add(ns);
  }
  // How the tracker's set of touched pages compares with the true one.
  void AddSeen(std::uint64_t seen, std::uint64_t false_hot, std::uint64_t missed_hot) {
    seen_ += seen;
    false_hot_ += false_hot;
    missed_hot_ += missed_hot;
  }

  // Ends the interval at `end_ns`. `totals` holds running totals (kDelta) and levels (kLevel); what
  // the log knows itself is filled in.
  enum class Whole : std::uint8_t { kYes, kCutOff };
  void Close(std::uint64_t end_ns, IntervalRow totals, Whole whole);

  // The figures of metrics.def that come from intervals and stops.
  void Fill(ReplayMetrics* metrics) const;
  std::vector<IntervalRow> TakeRows() { return std::move(rows_); }
  const Histogram& stalls() const { return stalls_; }
  // Accesses up to the last end of an interval.
  std::uint64_t closed_accesses() const { return before_.accesses; }

 private:
  Histogram stalls_;
  Histogram of_interval_;
  std::uint64_t seen_ = 0;
  std::uint64_t false_hot_ = 0;
  std::uint64_t missed_hot_ = 0;
  IntervalRow before_;
  std::vector<IntervalRow> rows_;
  std::uint64_t intervals_ = 0;  // whole ones
  std::uint64_t begin_ns_ = 0;
  std::uint64_t resident_sum_ = 0;
  std::uint64_t true_sum_ = 0;
  std::uint64_t true_max_ = 0;
  std::uint64_t estimate_sum_ = 0;
  std::uint64_t error_sum_ = 0;
  std::uint64_t error_max_ = 0;
};

// part / whole in millionths, rounded; 0 of nothing.
inline std::uint64_t Millionths(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : (part * 1000000 + whole / 2) / whole;
}

}  // namespace uffdsim
