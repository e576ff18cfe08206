// A histogram of non-negative integers with exact counts and a bounded relative error.
//
// Mirrors: HdrHistogram (G. Tene): each power of two is divided into 256 equal buckets, so values
//          below 512 are exact and a percentile is at most 0.4 % above the true one. The maximum,
//          the count and the sum are exact.
// Owned by: a value. Memory appears with the first value. Units: the caller's.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

namespace uffdsim {

class Histogram {
 public:
  void Add(std::uint64_t value) {
    const std::size_t bucket = BucketOf(value);
    if (bucket >= counts_.size()) counts_.resize(bucket + 1);
    ++counts_[bucket];
    ++count_;
    sum_ += value;
    if (value > max_) max_ = value;
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t sum() const { return sum_; }
  std::uint64_t max() const { return max_; }

  // (upper end of a bucket, values up to there) of each bucket that holds values, ascending; the
  // last is (max, count).
  std::vector<std::pair<std::uint64_t, std::uint64_t>> Cumulative() const {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> points;
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      if (counts_[bucket] == 0) continue;
      seen += counts_[bucket];
      const std::uint64_t end = EndOf(bucket);
      points.emplace_back(end < max_ ? end : max_, seen);
    }
    return points;
  }

  // The smallest value v such that at least `permille` of the values are <= v, rounded up to its
  // bucket's end; 0 when empty.
  std::uint64_t Percentile(std::uint64_t permille) const {
    if (count_ == 0) return 0;
    const std::uint64_t rank = (count_ * permille + 999) / 1000;
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      seen += counts_[bucket];
      if (seen < rank || seen == 0) continue;
      const std::uint64_t end = EndOf(bucket);
      return end < max_ ? end : max_;
    }
    return max_;
  }

 private:
  static constexpr unsigned kShift = 8;

  static std::size_t BucketOf(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    if (width <= kShift + 1) return static_cast<std::size_t>(value);
    const unsigned drop = width - (kShift + 1);
    return (static_cast<std::size_t>(drop) << kShift) + static_cast<std::size_t>(value >> drop);
  }
  static std::uint64_t EndOf(std::size_t bucket) {
    if (bucket < (std::size_t{2} << kShift)) return bucket;
    const auto drop = static_cast<unsigned>((bucket >> kShift) - 1);
    const std::uint64_t head = bucket - (static_cast<std::size_t>(drop) << kShift);
    return ((head + 1) << drop) - 1;
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace uffdsim
