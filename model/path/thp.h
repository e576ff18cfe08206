// Transparent huge pages: policy, faults, splitting, collapse, and huge folios of the page cache.
//
// Mirrors: mm/huge_memory.c, mm/khugepaged.c, the huge parts of mm/shmem.c and mm/truncate.c.
// Marker:  a PMD leaf has one mark for all its pages. Splitting copies it to every PTE (PROT_NONE
//          with it in an RWP VMA). A file PMD never has one: splitting erases the mapping, so
//          arming it arms nothing. Collapse refuses marked entries of anonymous memory, and loses
//          those of files.
// Rules:   while a folio is mapped by a PMD, AnonExclusive of the mapping is that of the head
//          frame.
#pragma once

#include <optional>

#include "model/path/fault.h"

namespace uffdsim {

// --- policy: thp_policy.cc -----------------------------------------------------------------------
// thp_vma_suitable_order(): the huge page around `vpn` lies in the VMA, and in a file mapping at a
// huge offset.
bool HugeFits(const World& w, const Vma& vma, Vpn vpn);
// vma_thp_disabled(): by MADV_NOHUGEPAGE, or because the architecture has none.
bool HugeDisabled(const Vma& vma, const Arch& arch);
// shmem_allowable_huge_orders(): whether a fault of this VMA at file page `index` may fill a huge
// page.
bool ShmemHugeAllowed(const World& w, const Vma& vma, std::uint64_t index);
// The same for write() and fallocate(), which no mapping restricts, and for a folio of any order.
bool ShmemLargeAllowed(const World& w, FileId file, std::uint64_t index, unsigned order);
inline Vpn PmdStart(const World& w, Vpn vpn) {
  return Vpn(vpn.value & ~(w.arch->geometry().PmdPages() - 1));
}

// --- anonymous folios: thp_fault.cc --------------------------------------------------------------
// vma_alloc_anon_folio_pmd() and its rmap: a zero-filled folio, exclusive, mapped once.
Pfn NewHugeAnon(World& w, const Vma& vma, Vpn vpn, std::uint8_t node);
// map_anon_folio_pmd_nopf(): the entry that maps it.
Word HugeAnonWord(const World& w, const Vma& vma, Pfn head);
// do_huge_pmd_wp_page() and wp_huge_pmd(), thp_wp.cc.
std::uint32_t PmdWpFault(World& w, FaultFrame& f, Vma& vma);

// --- splitting -----------------------------------------------------------------------------------
// split_folio(): turns a large anonymous or shmem folio into single pages. Mappings become PTEs
// that carry over soft-dirty, uffd (and PROT_NONE with it in an RWP VMA), young, dirty and
// exclusivity; the mappings of a file folio are erased. Zero-filled anonymous subpages become the
// zero page. Expects one extra reference of the caller (Page::refs of the head may be 1 or 0, not
// more); false, and nothing changed, when somebody else holds the folio.
bool SplitFolio(World& w, Pfn head);
// folio_test_partially_mapped(): a large anonymous folio that lost the mappings of some of its
// pages.
bool FolioPartlyMapped(const World& w, Pfn head);
// folio_split(): the same for a page-cache folio, but only the page `at` becomes a single one; the
// rest stays in pieces as large as alignment allows.
bool SplitCacheFolioAt(World& w, Pfn head, Pfn at);

// The PTE of one frame of a split PMD: a present anonymous leaf (first frame), the huge zero page,
// a migration or device-private leaf. `pmd` is the old PMD.
Word SplitPresent(const World& w, const Vma& vma, Word pmd, Pfn pfn);
Word SplitZero(const World& w, const Vma& vma, Word pmd);
Word SplitSoftleaf(const World& w, Word pmd, Pfn pfn);
// try_to_map_unused_to_zeropage(): the zero page for a subpage that holds nothing.
Word UnusedSubpage(const World& w, const Vma& vma, Word present);
// do_huge_pmd_numa_page(), its end: accessible and young, the mark as it was.
Word NumaOpenedPmd(const World& w, const Vma& vma, Word pmd);
// do_huge_pmd_uffd_rwp(): the mark goes first, so that it cannot stand in the way of writing.
Word RwpResolvedPmd(const World& w, const Vma& vma, Word pmd);

// __split_huge_pmd(): splits the PMD leaf that covers `vpn` into PTEs of the same folio.
void SplitPmd(World& w, MmId mm, const Vma& vma, Vpn vpn);
// hugetlb_vm_op_split(): whether the VMA that contains `vpn` may have a boundary there; a hugetlb
// VMA only between huge pages.
bool MaySplitVma(const World& w, MmId mm, Vpn vpn);
// split_vma(): a VMA boundary at `vpn`; a huge mapping across it is split
// (vma_adjust_trans_huge()).
void SplitVma(World& w, MmId mm, Vpn vpn);

// folio_pte_batch(): how many entries from the present one at `vpn` on, below `last` and in its
// table, map consecutive pages of one folio and differ in young, dirty, soft-dirty and write
// permission only.
std::uint32_t FolioPteBatch(const World& w, MmId mm, Vpn vpn, Vpn last);

// --- huge folios of the page cache: thp_shmem.cc -------------------------------------------------
// Fills the hole at `vpn` by a huge folio if that is allowed and nothing else is cached around it.
void ShmemAddHuge(World& w, const Vma& vma, Vpn vpn, std::uint8_t node);
// What write() and fallocate() do first: fills the hole at `index` by the largest folio that is
// allowed and fits between what is cached.
void ShmemAddLarge(World& w, FileId file, std::uint64_t index);
// shmem_swapin_folio() of a large entry: the whole folio at once; false when that is not possible.
bool ShmemSwapInLarge(World& w, FileId file, std::uint64_t index, std::uint8_t node);
// shmem_split_large_entry(): the entry of `index` becomes one of a single page.
void ShmemSplitSwapEntry(File& file, std::uint64_t index);
// shmem_get_partial_folio(): brings the entry of `index` back if it reaches out of [first, last).
void ShmemReadPartial(World& w, FileId file, std::uint64_t index, std::uint64_t first,
                      std::uint64_t last);
// do_set_pmd() for the folio `head`; false when it does not fit.
bool MapFilePmd(World& w, MmId mm, const Vma& vma, Vpn vpn, Pfn head, Access access);
// Where the VMA shows the folio of `pfn`, which belongs at `vpn`; only `vpn` when the folio reaches
// beyond the VMA or a page table.
struct PageSpan {
  Vpn first{};
  Vpn last{};
};
PageSpan FolioSpan(const World& w, const Vma& vma, Vpn vpn, Pfn pfn);
// finish_fault(): what one fault maps of the folio: all of it if the VMA has nothing to do with
// userfaultfd and all entries are empty.
PageSpan FileFaultSpan(const World& w, MmId mm, const Vma& vma, Vpn vpn, Pfn pfn);

// --- collapse ------------------------------------------------------------------------------------
// madvise_collapse() of the part [first, last) of one VMA. The error is what madvise(2) returns;
// none: it sleeps until the migration of a page has ended, and then has to be called again.
std::optional<Errno> CollapseRange(World& w, MmId mm, Vma& vma, Vpn first, Vpn last);

// try_to_unmap() of a page-cache folio: PMD leaves are split first, then every mapping is erased, a
// WP VMA keeping a marker. Marks are lost for `cause`.
void UnmapCacheFolio(World& w, Pfn head, Cause cause);

// __wp_can_reuse_large_anon_folio(): true when every reference to the folio comes from this mm's
// mappings of it.
bool CanReuseLargeAnon(World& w, MmId mm, const Vma& vma, Pfn pfn);

}  // namespace uffdsim
