// What every eviction policy can be asked: which resident page should go next.
//
// Mirrors: the policy half of a userfaultfd memory manager. A policy is told what its tracker could
// see and nothing else; it knows pages by dense numbers (guest frame numbers) and no page table.
// Two settings, which must not be mixed in one object:
//   demand paging (the oracle): OnAccesses(), or OnHits() and OnMiss(), one call per reference in
//       program order. The capacity is enforced: a miss on a full memory evicts first.
//   intervals (a real tracker): OnFault() for what came in, OnInterval() for the bits of one scan,
//       PickVictims() when frames are needed. The caller decides how much is resident.
// Rules: a page is resident from OnFault() / OnMiss() until it is picked, returned as a victim or
//   reported by OnGone(). Each page from PickVictims() counts as gone at once; one that could not
//   be evicted after all (it was touched, or the store refused it) comes back through OnRefused().
//   Ties break in ascending page order unless a policy's row says otherwise.
// Owned by: the caller. Not copyable, single-threaded. Same calls, same seed: same victims.
// Errors: none. A page number >= page_count, or a fault on a resident page, is a caller's bug.
// Units: pages. Times are the policy's own: references or intervals.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace uffdsim {

using PageId = std::uint32_t;
inline constexpr PageId kNoPage = ~PageId{0};

// [first, first + count): how PAGEMAP_SCAN reports pages.
struct PageRange {
  PageId first = 0;
  std::uint32_t count = 0;
};

// How badly the caller needs the frames.
enum class Urgency : std::uint8_t {
  kIfCold,  // only pages that the policy calls cold; policies without that notion give none
  kMust,    // the coldest there are; fewer than asked only when fewer are resident
};

class Policy {
 public:
  Policy() = default;
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;
  virtual ~Policy() = default;

  // Demand paging. OnAccesses() returns the number of misses, first touches included.
  virtual std::uint64_t OnAccesses(std::span<const PageId> pages) = 0;
  // References to resident pages.
  virtual void OnHits(std::span<const PageId> pages) = 0;
  // A reference to a page that is not resident. Returns the page evicted for it, or kNoPage.
  [[nodiscard]] virtual PageId OnMiss(PageId page) = 0;
  // The end of an interval whose references came one by one.
  virtual void OnIntervalEnd() = 0;

  // Intervals. OnFault() makes a page resident and counts as a touch in the running interval.
  virtual void OnFault(PageId page) = 0;
  // One scan: the pages seen accessed since the last one, ascending and disjoint. Pages that are
  // not resident are skipped. Equals OnHits() on the resident ones in that order, then
  // OnIntervalEnd().
  virtual void OnInterval(std::span<const PageRange> accessed) = 0;
  // Appends up to `count` victims to `victims`, the first to go first.
  virtual void PickVictims(std::uint64_t count, Urgency urgency, std::vector<PageId>* victims) = 0;
  // A picked page stayed. It is treated as faulted in again.
  virtual void OnRefused(PageId page) = 0;
  // A resident page left for another reason (balloon, discard): no trace of it is kept.
  virtual void OnGone(PageId page) = 0;

  virtual bool IsResident(PageId page) const = 0;
  virtual std::uint64_t ResidentPages() const = 0;
  // Bytes of state held for page_count pages at the present size, untouched parts included.
  virtual std::uint64_t MemoryBytes() const = 0;
};

}  // namespace uffdsim
