// The queue of resident pages in order of loading, with one byte per page: FIFO's and CLOCK's
// state.
//
// Rules: a page that leaves from the middle stays in the ring as a stale entry; its byte counts how
//   many. Stale entries of a page are always ahead of its live one (they were queued earlier), so
//   the first entries met at the front are the ones to skip.
// Owned by: one policy core. Errors: Pop() of an empty queue is a caller's bug.
// Units: 1 byte per page, 4 per queued page.
#pragma once

#include <cstdint>

#include "model/base/lazy_array.h"
#include "sim/vmm/policy/page_ring.h"
#include "sim/vmm/policy/policy.h"

namespace uffdsim {

class ResidentQueue {
 public:
  static constexpr std::uint8_t kMaxUses = 7;

  explicit ResidentQueue(std::uint32_t page_count) : state_(page_count) {}

  bool Resident(PageId page) const { return (state_[page] & kResident) != 0; }
  void Prefetch(PageId page) const { __builtin_prefetch(state_.data() + page, 1); }

  // A small counter per resident page, for the policy that owns the queue.
  std::uint8_t Uses(PageId page) const {
    return static_cast<std::uint8_t>((state_[page] >> kUsesShift) & kMaxUses);
  }
  void SetUses(PageId page, std::uint8_t uses) {
    state_[page] = static_cast<std::uint8_t>((state_[page] & ~(kMaxUses << kUsesShift)) |
                                             (uses << kUsesShift));
  }

  void Push(PageId page) {
    state_[page] = static_cast<std::uint8_t>((state_[page] & kStaleMask) | kResident);
    ring_.PushBack(page);
    ++resident_;
  }

  // Takes the oldest resident page out of the ring; its byte stays as it is until Drop().
  PageId Pop() {
    for (;;) {
      const PageId page = ring_.PopFront();
      if ((state_[page] & kStaleMask) == 0) return page;
      state_[page] = static_cast<std::uint8_t>(state_[page] - kOneStale);
    }
  }
  void Requeue(PageId page) { ring_.PushBack(page); }
  // A popped page is not resident any more.
  void Drop(PageId page) {
    state_[page] = 0;
    --resident_;
  }

  // A page leaves from wherever it is in the queue.
  void Remove(PageId page) {
    if ((state_[page] & kStaleMask) == kStaleMask || ring_.size() > 2 * resident_ + kSlack) {
      Compact();
    }
    state_[page] = static_cast<std::uint8_t>((state_[page] & kStaleMask) + kOneStale);
    --resident_;
  }

  std::uint64_t Bytes() const { return state_.size() + ring_.Bytes(); }

 private:
  static constexpr std::uint8_t kResident = 1;
  static constexpr int kUsesShift = 1;
  static constexpr std::uint8_t kOneStale = 0x10;
  static constexpr std::uint8_t kStaleMask = 0xf0;

  static constexpr std::uint64_t kSlack = 64;  // so that small queues are not compacted each time

  // One turn of the ring that drops every stale entry.
  void Compact() {
    for (std::uint64_t left = ring_.size(); left > 0; --left) {
      const PageId page = ring_.PopFront();
      if ((state_[page] & kStaleMask) == 0) {
        ring_.PushBack(page);
      } else {
        state_[page] = static_cast<std::uint8_t>(state_[page] - kOneStale);
      }
    }
  }

  LazyArray<std::uint8_t> state_;
  PageRing ring_;
  std::uint64_t resident_ = 0;
};

}  // namespace uffdsim
