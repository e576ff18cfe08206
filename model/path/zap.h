// Discarding page-table entries.
//
// Mirrors: zap_pte_range(), zap_pmd_range() and zap_install_uffd_wp_if_needed() of mm/memory.c,
//          __unmap_hugepage_range() of mm/hugetlb.c, unmap_mapping_range(), hole punch and
//          truncation of mm/shmem.c and fs/hugetlbfs/inode.c.
// Marker:  zapping an armed RWP entry leaves nothing; zapping a protected entry of a file WP VMA
// leaves
//          a uffd-wp marker unless the caller drops markers.
#pragma once

#include "model/op/event.h"
#include "model/uffd/world.h"

namespace uffdsim {

enum class ZapMarkers : std::uint8_t { kKeep, kDrop };    // ZAP_FLAG_DROP_MARKER
enum class ZapCowed : std::uint8_t { kZap, kSkip };       // even_cows of unmap_mapping_range()
enum class ZapTables : std::uint8_t { kKeep, kReclaim };  // zap_details::reclaim_pt

// zap_install_uffd_wp_if_needed(): whether a zapped entry leaves a marker: a protected file page of
// a WP VMA. RWP has none.
bool ZapLeavesMarker(const Vma& vma, ZapMarkers markers, bool marked);
// Whether the swap entry at `vpn` stays.
bool ZapSparesSwap(const World& w, const Vma& vma, Vpn vpn, ZapCowed cowed);

// Zaps pages [first, last), which must lie inside `vma`. Flushes and notifies. Poison and hwpoison
// entries go; guard markers stay unless markers are dropped (munmap, exit). kReclaim: page tables
// that lie wholly in the range and hold nothing any more go too.
void ZapRange(World& w, MmId mm, const Vma& vma, Vpn first, Vpn last, ZapMarkers markers,
              Cause cause, ZapCowed cowed = ZapCowed::kZap, ZapTables tables = ZapTables::kKeep);

// Unmaps file pages [first, last) (page offsets) from every mapping.
void UnmapFileRange(World& w, FileId file, std::uint64_t first, std::uint64_t last,
                    ZapMarkers markers, ZapCowed cowed, Cause cause);

// fallocate(PUNCH_HOLE) / truncation: unmaps and drops the pages and swap slots of the range.
// Offsets in base pages.
void PunchFile(World& w, FileId file, std::uint64_t first, std::uint64_t last);
void TruncateFile(World& w, FileId file, std::uint64_t new_size);

// The checks of do_vmi_munmap(): sealed VMAs (EPERM), hugetlb boundaries (EINVAL).
Errno CheckUnmap(const World& w, const Mm& mm, Vpn first, Vpn last);

// munmap of [first, last) without events: splits, zaps, frees tables and VMAs.
void UnmapRegion(World& w, MmId mm, Vpn first, Vpn last);

// A mapping of the file is gone: frees the file's pages if nobody can reach it any more.
void PutFile(World& w, FileId file);

}  // namespace uffdsim
