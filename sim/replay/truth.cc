#include "sim/replay/truth.h"

#include <algorithm>

#include "model/base/check.h"

namespace uffdsim {

Truth::Truth(std::uint64_t guest_pages) : begin_clock_{0} {
  while ((1ULL << (kClockBits + order_)) < 4 * guest_pages) ++order_;
}

Truth::Cookie Truth::Evict(Cookie last) {
  Cookie delta = last == kNeverTouched ? kUnusedDelta : kOldDelta;
  if (last >= kFirstInterval) delta = std::min(interval_ - last + 1, kOldDelta);
  ++evictions_;
  const std::uint64_t clock = ticks_++ >> order_;
  return delta << kClockBits | (static_cast<Cookie>(clock) & kClockMask);
}

Truth::Cookie Truth::IntervalOf(std::uint64_t clock) const {
  const auto after = std::upper_bound(begin_clock_.begin(), begin_clock_.end(), clock);
  return kFirstInterval + static_cast<Cookie>(after - begin_clock_.begin()) - 1;
}

Truth::Refault Truth::ComeBack(Cookie shadow) const {
  Refault result;
  if (shadow == kNeverTouched) return result;
  const std::uint64_t now = ticks_ >> order_;
  const std::uint64_t age = (now - shadow) & kClockMask;
  const Cookie evicted = IntervalOf(now >= age ? now - age : 0);
  const Cookie delta = shadow >> kClockBits;
  result.refault = true;
  // The page's own eviction is not between.
  result.distance = (age << order_) - (order_ == 0 && age > 0 ? 1 : 0);
  result.intervals = interval_ - evicted;
  if (delta == kUnusedDelta) return result;
  // An aliased clock can name an interval before the first.
  const bool known = delta != kOldDelta && evicted - kFirstInterval >= delta - 1;
  result.last = known ? evicted - (delta - 1) : kLongAgo;
  return result;
}

std::uint64_t Truth::WorkingSet(unsigned window) const {
  std::uint64_t pages = 0;
  for (Cookie back = 0; back < window && interval_ - back >= kFirstInterval; ++back) {
    pages += touched_[(interval_ - back) % kRing];
  }
  return pages;
}

void Truth::NextInterval() {
  UFFDSIM_CHECK(intervals() < kMaxIntervals);
  ++interval_;
  touched_[interval_ % kRing] = 0;
  // An interval begins with a clock value of its own, so that a shadow names its interval exactly.
  const std::uint64_t unit = clock_unit();
  ticks_ = (ticks_ + unit - 1) / unit * unit;
  begin_clock_.push_back(ticks_ >> order_);
}

}  // namespace uffdsim
