// Writing to /proc/sys/vm/drop_caches.
//
// Mirrors: drop_pagecache_sb() of fs/drop_caches.c, mapping_evict_folio() and
// deactivate_file_folio() of
//          mm/, deferred_split_scan() of mm/huge_memory.c. Bit 0: the page cache, bit 1: what
//          shrinkers hold.
// Rules:   only clean pages that nobody maps go: of a shmem file those that were read but never
// written.
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

void DropCleanPages(World& w, FileId id) {
  File& file = w.file(id);
  if (file.kind != FileKind::kShmem) return;
  file.cache.ForEach(0, ~std::size_t{0}, [&](std::size_t, CacheSlot slot) {
    if (!slot.is_frame()) return;
    Page& folio = w.frames.Head(slot.pfn());
    if (FolioMapcount(w, slot.pfn()) != 0) return;
    if (folio.Has(kPgDirty)) {
      folio.flags |= kPgReclaim;  // deactivate_file_folio()
      return;
    }
    if (folio.refs != 0 || FolioPinned(w, slot.pfn())) return;
    const Pfn head = w.frames.HeadOf(slot.pfn());
    for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) {
      file.cache.Set(folio.index + i, CacheSlot{});
      w.frames[head + i].file = FileId(0);
    }
    MaybeFreeFolio(w, head);
  });
}

// deferred_split_scan(): anonymous folios that are mapped only in part.
void SplitPartlyMapped(World& w) {
  for (std::uint32_t i = 0; i < w.frames.size(); ++i) {
    const Pfn pfn(i);
    if (w.frames[pfn].order == 0 || w.frames.HeadOf(pfn) != pfn) continue;
    if (FolioPartlyMapped(w, pfn)) SplitFolio(w, pfn);
  }
}

}  // namespace

void Start_drop_caches(World& w, Task& t) {
  // The sysctl takes 1 to 4; bit 2 only silences its message.
  if (t.op.value < 1 || t.op.value > 4) return Fail(t, Errno::kEINVAL);
  if ((t.op.value & 1U) != 0) {
    for (std::size_t i = 1; i < w.files.size(); ++i) {
      DropCleanPages(w, FileId(static_cast<std::uint16_t>(i)));
    }
  }
  if ((t.op.value & 2U) != 0) SplitPartlyMapped(w);
  t.outcome.status = Outcome::Status::kOk;
}

}  // namespace uffdsim
