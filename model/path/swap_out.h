// Reclaim of one folio: unmapping it everywhere, writing it to swap, freeing it.
//
// Mirrors: try_to_unmap_one() of mm/rmap.c, shrink_folio_list(), pageout(), __remove_mapping() of
//          mm/vmscan.c, folio_alloc_swap() of mm/swapfile.c, shmem_writeout() of mm/shmem.c.
// Marker:  a swap entry carries uffd, soft-dirty and the page's exclusivity. A file page leaves an
//          empty entry, so RWP protection is lost; a protected entry of a WP VMA leaves a marker.
// Rules:   the caller has isolated the folio (IsolateFolio), which holds one reference.
#pragma once

#include "model/path/step.h"

namespace uffdsim {

// --- marks: what the rewritten entry carries
// -------------------------------------------------------- swp_pte_prepare(): the swap entry for a
// present word.
Word SwapEntryFor(const World& w, SwapSlot slot, Word present, bool exclusive);
// pte_install_uffd_wp_if_needed(): what stays behind when a file page is unmapped.
Word FileUnmapWord(const World& w, const Vma& vma, Word present);

// What an unmapped entry of a large folio counts as: itself, whatever the first of its batch was.
Word UnmapBatchWord(const World& w, Word first, Word own);
// swapoff: the present entry for a swap entry whose page was read back (the end of unuse_pte()).
Word SwapoffRestored(const World& w, const Vma& vma, Word entry, Pfn pfn);
// swapoff: whether the entry is a swap entry to bring back.
bool SwapoffFinds(const World& w, Word word);

// --- the stages of reclaiming one folio
// ----------------------------------------------------------- folio_isolate_lru() and
// folio_putback_lru().
bool IsolateFolio(World& w, Pfn head);
void PutbackFolio(World& w, Pfn head);
// folio_maybe_mapped_shared(): mapped more than once, as far as madvise and move_pages care.
bool FolioMappedShared(const World& w, Pfn pfn);

// folio_alloc_swap(): slots and swap cache for the whole folio; false when the device is off or
// full.
bool AddToSwap(World& w, Pfn head);
// What try_to_unmap() puts in place of an entry.
enum class Ttu : std::uint8_t {
  kReclaim,   // swap entries, lazyfree pages go
  kHwPoison,  // TTU_HWPOISON: hwpoison entries, mlock ignored
};
// False when some mapping could not be removed.
bool TryToUnmap(World& w, Pfn head, Ttu ttu);
// pageout(): writes a dirty folio to its swap slots (a shmem folio gets them here and leaves its
// page cache). False when the folio has to stay.
bool WriteOut(World& w, Pfn head);
// __remove_mapping(): drops the folio from its cache and frees it, isolation reference included.
// False when somebody needs it; it is then still isolated.
bool RemoveMapping(World& w, Pfn head);

// folio_free_swap(): leaves the swap cache when no entry names the slot any more; then dirty.
void FreeSwapIfUnused(World& w, Pfn head);

// Pushes MADV_PAGEOUT of [first, last) of one VMA.
void PushPageout(Task& t, MmId mm, Vpn first, Vpn last);
// Pushes reclaim of [first, last) under memory pressure, to its outcome: how many pages were freed.
void PushReclaim(Task& t, MmId mm, Vpn first, Vpn last);
// The head of the next folio that backs a page of [*cur, last), isolated; Pfn(0) when there is
// none. `cur` moves on. reclaim.cc.
Pfn TakeReclaimable(World& w, MmId mm, Vpn* cur, Vpn last);

}  // namespace uffdsim
