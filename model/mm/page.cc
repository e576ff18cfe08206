#include "model/mm/page.h"

namespace uffdsim {
namespace {

// Flags that every frame of a folio shares once the folio is split.
constexpr std::uint32_t kFolioFlags = kPgAnon | kPgKsm | kPgDirty | kPgSwapBacked | kPgLru |
                                      kPgReferenced | kPgActive | kPgMlocked | kPgFallocated;

}  // namespace

Frames::Frames() {
  pages_.emplace_back();
  pages_[0].flags = kPgAllocated | kPgZero;
}

Pfn Frames::Alloc(unsigned order, std::uint8_t node) {
  Pfn head;
  if (order < free_.size() && !free_[order].empty()) {
    head = free_[order].back();
    free_[order].pop_back();
  } else {
    const std::uint32_t count = 1U << order;
    // Natural alignment; frames skipped on the way become free single frames.
    while ((pages_.size() & (count - 1)) != 0) {
      if (free_.empty()) free_.resize(1);
      free_[0].push_back(Pfn(static_cast<std::uint32_t>(pages_.size())));
      pages_.emplace_back();
    }
    head = Pfn(static_cast<std::uint32_t>(pages_.size()));
    pages_.resize(pages_.size() + count);
  }
  for (std::uint32_t i = 0; i < (1U << order); ++i) {
    Page& page = pages_[head.value + i];
    page = Page{};
    page.flags = kPgAllocated | (i == 0 ? 0U : static_cast<std::uint32_t>(kPgTail));
    page.order = static_cast<std::uint8_t>(order);
    page.node = node;
  }
  allocated_ += 1ULL << order;
  any_large_ |= order != 0;
  return head;
}

void Frames::Free(Pfn head) {
  Page& page = pages_[head.value];
  UFFDSIM_CHECK(page.Has(kPgAllocated) && !page.Has(kPgTail) && !page.Has(kPgZero));
  const unsigned order = page.order;
  if (order >= free_.size()) free_.resize(order + 1U);
  for (std::uint32_t i = 0; i < (1U << order); ++i) {
    UFFDSIM_CHECK(pages_[head.value + i].mapcount == 0);
    pages_[head.value + i] = Page{};
  }
  free_[order].push_back(head);
  allocated_ -= 1ULL << order;
}

void Frames::SplitTo(Pfn head, unsigned order) {
  const Page folio = pages_[head.value];
  UFFDSIM_CHECK(!folio.Has(kPgTail) && order <= folio.order);
  for (std::uint32_t i = 0; i < (1U << folio.order); ++i) {
    Page& page = pages_[head.value + i];
    const bool tail = (i & ((1U << order) - 1U)) != 0;
    page.flags = (page.flags & (kPgAnonExclusive | kPgHwPoison | kPgZero)) | kPgAllocated |
                 (tail ? std::uint32_t{kPgTail} : folio.flags & kFolioFlags);
    page.index = folio.index + i;
    page.file = folio.file;
    page.order = static_cast<std::uint8_t>(order);
    page.node = folio.node;
    if (i != 0) page.pins = folio.pins;
    if (folio.Has(kPgSwapCache) && !tail) {
      page.flags |= kPgSwapCache;
      page.swap_slot = folio.swap_slot + i;
    }
  }
}

}  // namespace uffdsim
