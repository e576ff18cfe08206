// hugetlb entries and frames: what the hugetlb_*.cc files share.
//
// Mirrors: huge_ptep_get(), make_huge_pte(), alloc_hugetlb_folio() and restore_reserve_on_error()
//          of mm/hugetlb.c. An entry is a PTE word in a PMD or PUD slot (the mapping's hstate),
//          stored in the table's own format.
// Rules:   an anonymous folio has its AnonExclusive flag in the head.
// Units:   `vpn` may be any page of the huge page; indexes are in huge pages.
#pragma once

#include "model/path/step.h"

namespace uffdsim {

// pages_per_huge_page()
inline std::uint64_t HugePages(const World& w, Hstate h) {
  return w.arch->geometry().PagesPerEntry(LevelOf(h));
}
inline std::uint64_t HugePages(const World& w, const Vma& vma) { return HugePages(w, vma.hstate); }
inline std::uint64_t HugePages(const World& w, FileId file) {
  return HugePages(w, w.files[file.value].hstate);
}
// size_to_hstate() of a folio in use.
inline Hstate HstateOfOrder(const World& w, unsigned order) {
  return order == w.arch->HugeOrder(HugeSize::kPud) ? Hstate::kPud : Hstate::kPmd;
}
inline Vpn HugeFirst(const World& w, const Vma& vma, Vpn vpn) {
  return Vpn(vpn.value & ~(HugePages(w, vma) - 1));
}
// vma_hugecache_offset()
inline std::uint64_t HugeIndex(const World& w, const Vma& vma, Vpn vpn) {
  return vma.IndexOf(HugeFirst(w, vma, vpn)) / HugePages(w, vma);
}

// --- entries -------------------------------------------------------------------------------------
// NoneWord(kPte) when there is none.
Word HugeEntry(const World& w, MmId mm, const Vma& vma, Vpn vpn);
void SetHugeEntry(World& w, MmId mm, const Vma& vma, Vpn vpn, Word word);
// Whether the table that would hold the entry exists.
bool HasHugeTable(const World& w, MmId mm, const Vma& vma, Vpn vpn);
// huge_pte_alloc(); false: no memory for it.
[[nodiscard]] bool AllocHugeTable(World& w, MmId mm, const Vma& vma, Vpn vpn);
enum class HugeWrite : std::uint8_t { kNever, kIfAllowed };
Word MakeHugeEntry(const World& w, const Vma& vma, Pfn head, HugeWrite write);
// huge_pte_modify() and arch_make_huge_pte(): keeps the uffd bit like pte_modify().
Word ModifyHugeEntry(const World& w, Word word, Pgprot prot);

// --- marks and decisions of faults (hugetlb_fault.cc) ---
// hugetlb_wp(): the entry of the copy; the bit stays on an unshared copy, a written page has none
// by now.
Word HugetlbCopied(const World& w, const Vma& vma, Word word, Pfn copy, bool unshare);
// hugetlb_no_page(): the entry of a page in the place of `marker` (or of nothing).
Word HugetlbPopulated(const World& w, const Vma& vma, Pfn head, Word marker);
// Resolving an RWP fault, or clearing what an earlier registration left.
Word HugetlbResolved(const World& w, const Vma& vma, Word word);
bool HugetlbMarked(const World& w, Word word);
// Whether an inaccessible marked entry is RWP, or a leftover that is cleared the same way; and
// whether a write to a read-only marked entry clears a leftover mark.
bool HugetlbHandlesProtnone(const Vma& vma);
bool HugetlbClearsMark(const Vma& vma);
// hugetlb_wp() does not copy a marked page: the fault is repeated, and delivered.
bool HugetlbStopsAtMark(const World& w, Word word, bool first_touch);

// --- frames --------------------------------------------------------------------------------------
// alloc_hugetlb_folio(): the head of a zeroed folio, by the reservation of the mapping if it has
// one, else by what the pool has not promised; 0: there is nothing. `kFromOwner`: the reservation
// was used for the page that is being copied.
enum class HugeCow : std::uint8_t { kNo, kFromOwner };
Pfn AllocHuge(World& w, const Vma& vma, Vpn vpn, HugeCow cow);
// Gives back a folio that was not used after all, with the reservation that it took.
void ReturnHuge(World& w, const Vma& vma, Vpn vpn, Pfn head);
// The last mapping of an anonymous folio is going: its owner gets the reservation back.
void RestoreReservation(World& w, const Vma& vma, Vpn vpn, Pfn head);
// hugetlb_unreserve_pages(): drops a file's promises from huge page `first` on to `last`; `freed`
// of them were pages in the cache.
void UnreserveFile(World& w, FileId file, std::uint64_t first, std::uint64_t last,
                   std::uint64_t freed);
bool OwnsReservation(const Vma& vma);

// hugetlb_add_new_anon_rmap(), hugetlb_add_file_rmap()
void MapNewAnonHuge(World& w, const Vma& vma, Vpn vpn, Pfn head);
void MapHuge(World& w, Pfn head);
// hugetlb_add_to_page_cache(); the cached folio at an index, 0: none.
void AddHugeToCache(World& w, FileId file, std::uint64_t index, Pfn head);
Pfn CachedHuge(const World& w, FileId file, std::uint64_t index);
bool HugePoisoned(const World& w, Pfn head);

}  // namespace uffdsim
