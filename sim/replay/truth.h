// What the guest really did: the working set, and what evicted pages came back.
//
// Mirrors: Denning's working set W(t, tau) (CACM 1968), for tau of 1, 2, 4 and 8 tracking
// intervals;
//          the shadow entries of mm/workingset.c for the distance between an eviction and its
//          refault.
// Rules:   the cookie of a guest page's stage-2 word (24 bits) says all there is per page. While
// the
//          page is in memory it is the number of the interval of its last touch (kNeverTouched,
//          kLongAgo for a page that came back unseen for long). While it is evicted it is a shadow:
//          in the upper 4 bits how many intervals before its eviction it was touched last (plus
//          one; 15: long ago), in the lower 20 the eviction clock. Distances are exact up to a
//          multiple of the guest's size (at least 2^20 evictions), in units of clock_unit()
//          evictions for guests above 2^18 pages, and alias beyond.
// Owned by: the replay. Units: pages, intervals, evictions.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace uffdsim {

class Truth {
 public:
  using Cookie = std::uint32_t;
  static constexpr Cookie kNeverTouched = 0;
  static constexpr Cookie kLongAgo = 1;
  static constexpr Cookie kFirstInterval = 2;
  static constexpr std::uint32_t kMaxIntervals = (1U << 24) - 3;
  static constexpr std::array<unsigned, 4> kWindows = {1, 2, 4, 8};

  explicit Truth(std::uint64_t guest_pages);

  Cookie interval() const { return interval_; }
  std::uint64_t intervals() const { return interval_ - kFirstInterval; }  // finished ones
  std::uint64_t footprint() const { return footprint_; }
  std::uint64_t evictions() const { return evictions_; }
  std::uint64_t clock_unit() const { return 1ULL << order_; }

  static bool NeverTouched(Cookie cookie) { return cookie == kNeverTouched; }

  // The first touch of a resident page in this interval; `last` is its cookie.
  void FirstTouch(Cookie last) {
    if (last >= kFirstInterval) {
      if (interval_ - last < kRing) --touched_[last % kRing];
    } else if (last == kNeverTouched) {
      ++footprint_;
    }
    ++touched_[interval_ % kRing];
  }

  // The page is evicted: its cookie becomes the shadow that is returned.
  Cookie Evict(Cookie last);

  // The evicted page comes in again: its cookie becomes `last`.
  struct Refault {
    bool refault = false;         // false: it was never evicted
    std::uint64_t distance = 0;   // evictions between
    std::uint64_t intervals = 0;  // between
    Cookie last = kNeverTouched;
  };
  Refault ComeBack(Cookie shadow) const;

  // The interval in which an evicted page was touched last, or kLongAgo, or kNeverTouched for one
  // that nobody touched since it came in.
  Cookie LastTouchOf(Cookie shadow) const { return ComeBack(shadow).last; }

  // Distinct pages touched in the last `window` intervals, the running one included.
  std::uint64_t WorkingSet(unsigned window) const;
  void NextInterval();

 private:
  static constexpr std::uint32_t kRing = 16;
  static constexpr unsigned kClockBits = 20;
  static constexpr Cookie kClockMask = (1U << kClockBits) - 1;
  static constexpr Cookie kUnusedDelta = 0;  // came in and was evicted before anybody touched it
  static constexpr Cookie kOldDelta = 15;

  // The interval in which the eviction with this clock value happened.
  Cookie IntervalOf(std::uint64_t clock) const;

  Cookie interval_ = kFirstInterval;
  unsigned order_ = 0;
  std::array<std::uint64_t, kRing> touched_{};  // pages by the interval of their last touch
  std::vector<std::uint64_t> begin_clock_;      // of each interval
  std::uint64_t evictions_ = 0;
  std::uint64_t ticks_ = 0;  // evictions, each interval's first rounded up to a whole clock value
  std::uint64_t footprint_ = 0;
};

}  // namespace uffdsim
