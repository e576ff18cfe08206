// The pool of huge pages: allocation, reservations, frames in caches.
//
// Mirrors: alloc_hugetlb_folio(), hugetlb_reserve_pages(), hugetlb_unreserve_pages(),
//          restore_reserve_on_error(), hugetlb_vm_op_close() of mm/hugetlb.c, hugetlbfs_file_mmap()
//          of fs/hugetlbfs/inode.c.
// Rules:   reserved <= free. Reservations of shared mappings belong to the file, those of a private
//          mapping to the process that made it; a child of fork() has none.
#include <algorithm>

#include "model/path/huge.h"
#include "model/path/hugetlb.h"
#include "model/path/hugetlb_reserve.h"
#include "model/path/rmap.h"

namespace uffdsim {
namespace {

// vma_resv_map(); null when the mapping has none.
ReserveMap* MapOf(World& w, const Vma& vma) {
  if (vma.Has(kVmMayshare)) return &w.file(vma.file).reserve_map;
  return vma.reserve_map == 0 ? nullptr : &w.reserve_maps[vma.reserve_map];
}

// vma_needs_reservation(): no promise covers the page.
bool NeedsReservation(World& w, const Vma& vma, std::uint64_t index) {
  const ReserveMap* map = MapOf(w, vma);
  if (map == nullptr) return true;
  return vma.Has(kVmMayshare) ? !map->Has(index) : map->Has(index);
}

// hugetlb_acct_memory(): surplus pages are not allowed, so a promise needs a free page.
bool Account(HugePool& pool, std::uint64_t pages) {
  const auto promised =
      static_cast<std::int32_t>(pool.reserved + static_cast<std::uint32_t>(pages));
  if (promised > static_cast<std::int32_t>(pool.free)) return false;
  pool.reserved += static_cast<std::uint32_t>(pages);
  return true;
}

// A map that no mapping uses any more, or a new one.
std::uint16_t FreshReserveMap(World& w) {
  if (w.reserve_maps.empty()) w.reserve_maps.resize(1);
  std::vector<bool> used(w.reserve_maps.size());
  for (const Mm& mm : w.mms) {
    for (const Vma& vma : mm.vmas.list()) used[vma.reserve_map] = true;
  }
  for (std::size_t i = 1; i < used.size(); ++i) {
    if (used[i]) continue;
    w.reserve_maps[i].Clear();
    return static_cast<std::uint16_t>(i);
  }
  w.reserve_maps.emplace_back();
  return static_cast<std::uint16_t>(w.reserve_maps.size() - 1);
}

void ClearRestore(World& w, Pfn head) {
  w.frames[head].flags &= ~static_cast<std::uint32_t>(kPgHugetlbRestore);
}

}  // namespace

bool OwnsReservation(const Vma& vma) { return !vma.Has(kVmMayshare) && vma.reserve_map != 0; }

Pfn AllocHuge(World& w, const Vma& vma, Vpn vpn, HugeCow cow) {
  const std::uint64_t index = HugeIndex(w, vma, vpn);
  const bool promised = cow == HugeCow::kNo && !NeedsReservation(w, vma, index);
  HugePool& pool = w.huge_pool(vma.hstate);
  // available_huge_pages() is a difference of unsigned numbers: a promise that MADV_DONTNEED gave
  // back while a pin holds the page is kept twice, and takes `reserved` below zero for a while.
  if (!promised && pool.free == pool.reserved) return Pfn(0);
  if (pool.free == 0) return Pfn(0);
  --pool.free;
  const Pfn head = w.frames.Alloc(w.arch->HugeOrder(SizeOf(vma.hstate)), vma.node());
  w.frames[head].flags |= kPgHugetlb;
  if (promised) {
    --pool.reserved;
    w.frames[head].flags |= kPgHugetlbRestore;
  }
  if (cow == HugeCow::kNo) {
    if (ReserveMap* map = MapOf(w, vma); map != nullptr) map->Add(index);
  }
  return head;
}

void ReturnHuge(World& w, const Vma& vma, Vpn vpn, Pfn head) {
  const std::uint64_t index = HugeIndex(w, vma, vpn);
  ReserveMap* map = MapOf(w, vma);
  // A file's map forgets an entry that the allocation added without a promise; a private mapping's
  // map forgets that the promise was used.
  if (map != nullptr && vma.Has(kVmMayshare) != w.frames[head].Has(kPgHugetlbRestore)) {
    map->Remove(index, index + 1);
  }
  MaybeFreeFolio(w, head);
}

void RestoreReservation(World& w, const Vma& vma, Vpn vpn, Pfn head) {
  if (!OwnsReservation(vma) || !w.frames[head].Has(kPgAnon) || w.frames[head].mapcount != 1) return;
  w.frames[head].flags |= kPgHugetlbRestore;
  const std::uint64_t index = HugeIndex(w, vma, vpn);
  w.reserve_maps[vma.reserve_map].Remove(index, index + 1);
}

void UnreserveFile(World& w, FileId file, std::uint64_t first, std::uint64_t last,
                   std::uint64_t freed) {
  const std::uint64_t entries = w.file(file).reserve_map.Remove(first, last);
  w.huge_pool(w.file(file).hstate).reserved -= static_cast<std::uint32_t>(entries - freed);
}

void MapNewAnonHuge(World& w, const Vma& vma, Vpn vpn, Pfn head) {
  ClearRestore(w, head);
  Page& page = w.frames[head];
  page.flags |= kPgAnon | kPgAnonExclusive;
  page.index = vma.IndexOf(HugeFirst(w, vma, vpn));
  MapHuge(w, head);
}

void MapHuge(World& w, Pfn head) { MapFrames(w, head, w.frames.Count(head)); }

void AddHugeToCache(World& w, FileId file, std::uint64_t index, Pfn head) {
  ClearRestore(w, head);
  Page& page = w.frames[head];
  page.flags |= kPgDirty;
  page.file = file;
  page.index = index * HugePages(w, file);
  for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) {
    w.file(file).cache.Set(page.index + i, CacheSlot::Frame(head + i));
  }
}

Pfn CachedHuge(const World& w, FileId file, std::uint64_t index) {
  const CacheSlot slot = w.files[file.value].cache.Get(index * HugePages(w, file));
  return slot.is_frame() ? slot.pfn() : Pfn(0);
}

bool HugePoisoned(const World& w, Pfn head) {
  for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) {
    if (w.frames[head + i].Has(kPgHwPoison)) return true;
  }
  return false;
}

bool HugetlbReserve(World& w, Vma& vma) {
  File& file = w.file(vma.file);
  HugePool& pool = w.huge_pool(vma.hstate);
  const std::uint64_t first = HugeIndex(w, vma, vma.start);
  const std::uint64_t pages = vma.pages() / HugePages(w, vma);
  if (!vma.Has(kVmNoreserve)) {
    if (vma.Has(kVmMayshare)) {
      const std::uint64_t known = file.reserve_map.Count(first, first + pages);
      if (!Account(pool, pages - known)) return false;
      for (std::uint64_t i = 0; i < pages; ++i) file.reserve_map.Add(first + i);
    } else {
      if (!Account(pool, pages)) return false;
      vma.reserve_map = FreshReserveMap(w);
    }
  }
  // A writable mapping makes the file as long as itself.
  const std::uint64_t end = vma.IndexOf(vma.end);
  if (vma.Has(kVmWrite)) file.size = std::max(file.size, end);
  return true;
}

void HugetlbVmaClose(World& w, const Vma& vma) {
  if (!vma.Hugetlb() || !OwnsReservation(vma)) return;
  const std::uint64_t first = HugeIndex(w, vma, vma.start);
  const std::uint64_t pages = vma.pages() / HugePages(w, vma);
  const std::uint64_t used = w.reserve_maps[vma.reserve_map].Count(first, first + pages);
  w.huge_pool(vma.hstate).reserved -= static_cast<std::uint32_t>(pages - used);
}

}  // namespace uffdsim
