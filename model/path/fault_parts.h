// The parts of the PTE-level fault that the dispatcher (fault.cc) calls.
//
// Mirrors: mm/memory.c. Each runs under the page-table lock, re-checks that the entry is still
//          FaultFrame::orig, and returns a FaultResult, kFaultDeliver (with f.reason), or one of
//          the continuations below.
#pragma once

#include "model/path/fault.h"

namespace uffdsim {

// Continuations beside FaultResult.
inline constexpr std::uint32_t kFaultCopy = 1U << 17;  // go on with the COW copy (wp_page_copy())
inline constexpr std::uint32_t kFaultWp = 1U << 18;    // go on with do_wp_page() on f.orig
inline constexpr std::uint32_t kFaultPtes = 1U << 19;  // the PMD leaf was split: go on at PTE level

std::uint32_t AnonymousFault(World& w, FaultFrame& f, Vma& vma);  // do_anonymous_page()
std::uint32_t FileFault(World& w, FaultFrame& f, Vma& vma);       // do_fault()
std::uint32_t WpFault(World& w, FaultFrame& f, Vma& vma);         // do_wp_page()
std::uint32_t CopyFault(World& w, FaultFrame& f, Vma& vma);       // wp_page_copy()
std::uint32_t RwpFault(World& w, FaultFrame& f, Vma& vma);        // do_uffd_rwp()
std::uint32_t NumaFault(World& w, FaultFrame& f, Vma& vma);       // do_numa_page()
std::uint32_t SwapInFault(World& w, FaultFrame& f, Vma& vma);     // do_swap_page(), swap entries
std::uint32_t SoftleafFault(World& w, FaultFrame& f, Vma& vma);   // do_swap_page(), the others

// --- marks and decisions ---
// The present entry for the swap entry `entry`, whose page was read (the end of do_swap_page()).
Word SwappedIn(const World& w, const Vma& vma, Word entry, Pfn pfn);
// Whether a page that nobody shares becomes writable at once.
bool SwapInMakesWritable(const World& w, const Vma& vma, Word entry, Word present);
// Whether a write goes on with do_wp_page() instead of being repeated.
bool SwapInGoesOnToWrite(const World& w, const Vma& vma, Word entry, Word present);
// A page fault resolves an armed entry by itself (do_uffd_rwp()), or ends a NUMA hint, which keeps
// the mark (do_numa_page()).
Word RwpResolved(const World& w, const Vma& vma, Word word);
Word NumaOpened(const World& w, const Vma& vma, Word word);
// wp_page_copy(): the entry of the copy; an unshared one keeps mark and soft-dirty of `word`.
Word CopiedEntry(const World& w, const Vma& vma, Word word, Pfn copy, bool unshare);
// Whether the new entry in the place of a uffd-wp marker is protected.
bool PopulatesMarked(const Vma& vma, bool was_marker);
// Whether a write meets a protected entry, and the entry after asynchronous WP has resolved it.
bool WpMarked(const World& w, const Vma& vma, Form form, Word word);
Word WpResolved(const World& w, Word word);
// Whether a fault on a page that the cache has is delivered (userfaultfd_minor()).
bool MinorWanted(const World& w, const Vma& vma);
// Whether a read may map neighbours that are in the page cache.
bool FaultAroundAllowed(const Vma& vma);

// The entry is still what the fault saw.
inline bool SameEntry(const World& w, const FaultFrame& f) {
  return w.mm(f.mm).table.GetPte(f.vpn) == f.orig;
}

}  // namespace uffdsim
