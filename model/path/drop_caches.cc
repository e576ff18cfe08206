// Writing to /proc/sys/vm/drop_caches.
//
// Mirrors: drop_pagecache_sb() of fs/drop_caches.c, mapping_evict_folio() of mm/truncate.c, the shrinker
//          of the huge zero page. Bit 0: the page cache, bit 1: what shrinkers hold.
// Rules:   only clean pages that nobody maps go: of a shmem file those that were read but never written.
#include "model/path/rmap.h"
#include "model/path/start.h"

namespace uffdsim {
namespace {

void DropCleanPages(World& w, FileId id) {
  File& file = w.file(id);
  if (file.kind != FileKind::kShmem) return;
  file.cache.ForEach(0, ~std::size_t{0}, [&](std::size_t index, CacheSlot slot) {
    if (!slot.is_frame()) return;
    const Page& folio = w.frames.Head(slot.pfn());
    if (folio.order != 0 || folio.Has(kPgDirty) || folio.refs != 0) return;
    if (FolioMapcount(w, slot.pfn()) != 0 || FolioPinned(w, slot.pfn())) return;
    file.cache.Set(index, CacheSlot{});
    w.frames[slot.pfn()].file = FileId(0);
    MaybeFreeFolio(w, slot.pfn());
  });
}

}  // namespace

void Start_drop_caches(World& w, Task& t) {
  if ((t.op.value & 1U) != 0) {
    for (std::size_t i = 1; i < w.files.size(); ++i) {
      DropCleanPages(w, FileId(static_cast<std::uint16_t>(i)));
    }
  }
  t.outcome.status = Outcome::Status::kOk;
}

}  // namespace uffdsim
