// How many scans in a row found each resident page untouched: one byte per page.
//
// Mirrors: kstaled's 8-bit page age. A page is *touched* until the scan that closes the interval,
// has age 0 after it, and one more after each scan that does not find it; ages stop at kMaxAge.
// Rules: oldest first means the highest age first, then ascending page number.
// Owned by: one policy core. Errors: none; touching an absent page is a caller's bug.
// Units: 1 byte per page; chunks without resident pages are never read or written.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "model/base/lazy_array.h"
#include "sim/vmm/policy/policy.h"

namespace uffdsim {

class PageAges {
 public:
  static constexpr unsigned kMaxAge = 253;

  explicit PageAges(std::uint32_t page_count)
      : state_(page_count), chunk_pages_((std::size_t{page_count} + kChunk - 1) / kChunk) {}

  bool Resident(PageId page) const { return state_[page] != kAbsent; }
  void Prefetch(PageId page) const { __builtin_prefetch(state_.data() + page, 1); }
  bool Touched(PageId page) const { return state_[page] == kTouched; }
  // Of the oldest page; only where AnyOfAge(0).
  unsigned OldestAge() const { return Highest() - unsigned{kScannedOnce}; }
  // Of a resident page that is not touched.
  unsigned Age(PageId page) const { return state_[page] - unsigned{kScannedOnce}; }
  std::uint64_t PagesOfAge(unsigned age) const { return count_[age + kScannedOnce]; }
  bool AnyOfAge(unsigned at_least) const { return Highest() >= at_least + kScannedOnce; }

  void Touch(PageId page) {
    std::uint8_t& state = state_[page];
    if (state == kTouched) return;
    --count_[state];
    ++count_[kTouched];
    state = kTouched;
  }

  void Insert(PageId page) {
    state_[page] = kTouched;
    highest_ = std::max(highest_, kTouched);
    ++count_[kTouched];
    ++chunk_pages_[page / kChunk];
  }

  void Remove(PageId page) {
    --count_[state_[page]];
    --chunk_pages_[page / kChunk];
    state_[page] = kAbsent;
  }

  // Everybody resident is one interval older, and the touched ones have age 0.
  void Scan() {
    for (std::size_t chunk = 0; chunk < chunk_pages_.size(); ++chunk) {
      if (chunk_pages_[chunk] == 0) continue;
      std::uint8_t* const first = state_.data() + chunk * kChunk;
      std::uint8_t* const last = first + ChunkSize(chunk);
      for (std::uint8_t* s = first; s != last; ++s) {
        *s = static_cast<std::uint8_t>(*s + ((*s != kAbsent) & (*s != kOldest)));
      }
    }
    count_[kOldest] += count_[kOldest - 1];
    for (unsigned s = kOldest - 1; s > kTouched; --s) count_[s] = count_[s - 1];
    count_[kTouched] = 0;
    if (highest_ != kAbsent && highest_ != kOldest) ++highest_;
    cursor_state_ = kAbsent;
  }

  // Takes out the oldest page, touched or not; kNoPage if none is resident.
  PageId PopOldest() { return Pop(kTouched); }
  // The same among pages of at least that age.
  PageId PopOldest(unsigned at_least) { return Pop(at_least + kScannedOnce); }

  std::uint64_t Bytes() const {
    return state_.size() + chunk_pages_.size() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::size_t kChunk = 32768;
  static constexpr std::uint8_t kAbsent = 0;
  static constexpr std::uint8_t kTouched = 1;      // since the last scan
  static constexpr std::uint8_t kScannedOnce = 2;  // age 0
  static constexpr std::uint8_t kOldest = kScannedOnce + kMaxAge;

  std::size_t ChunkSize(std::size_t chunk) const {
    return std::min(kChunk, state_.size() - chunk * kChunk);
  }

  // The highest state that a resident page has; kAbsent when none is resident.
  std::uint8_t Highest() const {
    std::uint8_t state = highest_;
    while (state > kAbsent && count_[state] == 0) --state;
    return state;
  }

  PageId Pop(unsigned at_least) {
    highest_ = Highest();
    if (highest_ < at_least) return kNoPage;
    const PageId page = Find(highest_);
    Remove(page);
    return page;
  }

  // The first page in this state at or after the cursor. Between two scans pages only leave the
  // states above kTouched, so one sweep per state and scan finds all of them in page order; the
  // second turn is for pages that were touched behind the cursor.
  PageId Find(std::uint8_t state) {
    if (state != cursor_state_) {
      cursor_state_ = state;
      cursor_ = 0;
    }
    for (;;) {
      while (cursor_ < state_.size()) {
        const std::size_t chunk = cursor_ / kChunk;
        const std::size_t end = chunk * kChunk + ChunkSize(chunk);
        const void* found = chunk_pages_[chunk] == 0
                                ? nullptr
                                : std::memchr(state_.data() + cursor_, state, end - cursor_);
        if (found != nullptr) {
          const auto* place = static_cast<const std::uint8_t*>(found);
          cursor_ = static_cast<std::size_t>(place - state_.data()) + 1;
          return static_cast<PageId>(cursor_ - 1);
        }
        cursor_ = end;
      }
      cursor_ = 0;
    }
  }

  LazyArray<std::uint8_t> state_;
  std::vector<std::uint32_t> chunk_pages_;  // resident pages of each chunk
  std::array<std::uint64_t, 256> count_{};  // resident pages in each state
  std::uint8_t highest_ = kAbsent;          // no page has a higher state
  std::uint8_t cursor_state_ = kAbsent;
  std::size_t cursor_ = 0;
};

}  // namespace uffdsim
