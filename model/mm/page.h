// Page frames and folios.
//
// Mirrors: struct page / struct folio of include/linux/mm_types.h, the flags of page-flags.h. A
// folio
//          of order n is 2^n naturally aligned frames; the head carries the folio's fields, while
//          content, map count and AnonExclusive belong to each frame.
#pragma once

#include <cstdint>
#include <vector>

#include "model/base/check.h"
#include "model/base/ids.h"

namespace uffdsim {

// What a frame holds: a number that stands for 4 KiB (or whatever the base page is) of bytes. See
// model/mm/content.h.
using Content = std::uint32_t;

enum PageFlags : std::uint32_t {
  kPgAllocated = 1U << 0,
  kPgAnon = 1U << 1,           // anonymous memory (swap-backed unless lazyfree)
  kPgAnonExclusive = 1U << 2,  // per frame: only one mapping may write without copying
  kPgKsm = 1U << 3,            // a stable KSM page
  kPgDirty = 1U << 4,
  kPgSwapBacked = 1U << 5,  // cleared by MADV_FREE: lazyfree
  kPgSwapCache = 1U << 6,   // swap_slot is valid
  kPgHwPoison = 1U << 7,
  kPgHugetlb = 1U << 8,
  kPgLocked = 1U << 9,
  kPgReferenced = 1U << 10,
  kPgActive = 1U << 11,
  kPgMlocked = 1U << 12,
  kPgTail = 1U << 13,            // of a folio whose head is at the aligned pfn
  kPgZero = 1U << 14,            // the shared zero page or a part of the huge zero folio
  kPgLru = 1U << 15,             // on the reclaim lists (not in a per-CPU batch, not isolated)
  kPgHugetlbRestore = 1U << 16,  // freeing gives a reservation back
  kPgFallocated = 1U << 17,  // shmem: allocated by fallocate() and not filled yet (not uptodate)
  kPgReclaim = 1U << 18,     // to be reclaimed soon; the same bit means "readahead" to fault-around
  kPgPartlyMapped =
      1U << 19,        // large anonymous folio that was unmapped piece by piece: to be split
  kPgIdle = 1U << 20,  // idle page tracking: not touched since user space said so
};

struct Page {
  std::uint32_t flags = 0;
  Content content = 0;
  std::uint64_t index = 0;    // file: page offset; anon: linear index (vma.pgoff based)
  std::int32_t mapcount = 0;  // page-table entries that map this frame
  SwapSlot swap_slot{};       // valid with kPgSwapCache
  FileId file{};              // page-cache owner; 0 for anon
  std::uint16_t pins = 0;     // long-term GUP pins
  std::uint8_t order = 0;     // of the folio, the same in all its frames
  std::uint8_t node = 0;      // NUMA node
  std::uint16_t refs = 0;     // references beside mappings, page cache and swap cache

  bool Has(std::uint32_t flag) const { return (flags & flag) != 0; }
  // folio_mark_dirty() of a page in a page cache.
  void MarkDirty() { flags = (flags | kPgDirty) & ~std::uint32_t{kPgReclaim}; }
};
static_assert(sizeof(Page) <= 40, "the budget of a resident page is 64 bytes, all inclusive");

// All frames of the machine. Frame 0 is the shared zero page and never freed.
class Frames {
 public:
  Frames();

  // Room for so many frames, so that growing never copies them.
  void Reserve(std::uint64_t frames) { pages_.reserve(frames); }

  // A zero-filled folio of 2^order frames on `node`; never fails (allocation failure is an
  // environment choice, taken by the caller). Flags: kPgAllocated (and kPgTail on tails) only.
  Pfn Alloc(unsigned order, std::uint8_t node);
  void Free(Pfn head);  // the whole folio

  // A number beyond the last frame, which only an entry that a defective kernel garbled can name,
  // leads to a frame of no meaning.
  Page& operator[](Pfn pfn) { return pfn.value < pages_.size() ? pages_[pfn.value] : nowhere_; }
  const Page& operator[](Pfn pfn) const {
    return pfn.value < pages_.size() ? pages_[pfn.value] : nowhere_;
  }
  Pfn HeadOf(Pfn pfn) const { return Pfn(pfn.value & ~((1U << (*this)[pfn].order) - 1U)); }
  Page& Head(Pfn pfn) { return (*this)[HeadOf(pfn)]; }
  const Page& Head(Pfn pfn) const { return (*this)[HeadOf(pfn)]; }
  std::uint32_t Count(Pfn pfn) const { return 1U << (*this)[pfn].order; }

  // Turns a folio into single frames; flags that belong to the folio are copied to each frame.
  void Split(Pfn head) { SplitTo(head, 0); }
  // Turns a folio into folios of a smaller order.
  void SplitTo(Pfn head, unsigned order);

  std::uint32_t size() const { return static_cast<std::uint32_t>(pages_.size()); }
  std::uint64_t allocated() const { return allocated_; }  // frames in use
  // Whether a folio of more than one frame was ever allocated: loops over entries that have to look
  // for large folios need not look at frames when there are none.
  bool any_large() const { return any_large_; }

  static constexpr Pfn kZeroPage{0};

 private:
  std::vector<Page> pages_;
  Page nowhere_;
  std::vector<std::vector<Pfn>> free_;  // by order; single frames are order 0
  std::uint64_t allocated_ = 0;
  bool any_large_ = false;
};

}  // namespace uffdsim
