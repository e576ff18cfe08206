// PAGEMAP_SCAN: pages of a range by category, optionally write-protecting what matches.
//
// Mirrors: do_pagemap_scan() and the walkers below it, fs/proc/task_mmu.c.
// Marker:  bit 57 clear is WRITTEN in a WP VMA and ACCESSED in an RWP VMA. PM_SCAN_WP_MATCHING sets
//          the mark of entries it reports as WRITTEN (empty ones get a uffd-wp marker).
// Units:   byte addresses outside, pages inside. Costs a few nanoseconds per page of a table and
//          nothing per page of a range without tables.
#pragma once

#include <cstdint>
#include <vector>

#include "model/path/pagemap.h"

namespace uffdsim {

// PAGE_IS_*.
enum PageCategory : std::uint64_t {
  kPageWpAllowed = 1U << 0,
  kPageWritten = 1U << 1,
  kPageFile = 1U << 2,
  kPagePresent = 1U << 3,
  kPageSwapped = 1U << 4,
  kPagePfnZero = 1U << 5,
  kPageHuge = 1U << 6,
  kPageSoftDirty = 1U << 7,
  kPageGuard = 1U << 8,
  kPageAccessed = 1U << 9,
};
inline constexpr std::uint64_t kPageAllCategories = (1U << 10) - 1;

inline constexpr std::uint64_t kScanWpMatching = 1;
inline constexpr std::uint64_t kScanCheckWpAsync = 2;

// The whole ioctl after its arguments were copied in. Regions are appended to `out` when
// `args.vec_len` is not 0; `walk_end` is written unless an argument was refused. EPERM keeps the
// regions of the VMAs before the one that failed the check.
Errno PagemapScan(World& w, MmId mm, std::uint64_t start, std::uint64_t end, const ScanArgs& args,
                  std::vector<ScanRegion>* out, std::uint64_t* walk_end);

// --- what categories are made of ---
// A PTE or PMD word that is not hugetlb's, without PAGE_IS_HUGE; FILE is always looked up.
std::uint64_t WordCategories(const World& w, const Vma& vma, Form form, Word word);
std::uint64_t HugetlbCategories(const World& w, const Vma& vma, Word word);
// The VMA's part, the same for each of its pages. WpAllowed(): asynchronous WP that can mark holes.
std::uint64_t VmaCategories(const World& w, const Vma& vma);
bool WpAllowed(const World& w, const Vma& vma);

// What the absence of the mark means in this VMA; what an empty entry and an empty page table are;
// whether a non-present entry carries the mark.
std::uint64_t UnmarkedCategories(const Vma& vma);
std::uint64_t NoneCategories(const Vma& vma);
std::uint64_t HoleCategories(const Vma& vma);
bool PresentMarked(const World& w, Form form, Word word);
bool SoftleafMarked(const World& w, Form form, Word word);
// pagemap_scan_test_walk(): what the walk does with a VMA; EPERM ends it.
enum class ScanVma : std::uint8_t { kVisit, kSkip, kRefuse };
ScanVma ScanOfVma(const Vma& vma, bool wp_allowed, std::uint64_t flags);

// --- marks: what PM_SCAN_WP_MATCHING makes of an entry ---
// make_uffd_wp_pte(): poison and guard markers get the bit too.
Word ScanProtectedPte(const Arch& arch, Word word);
// make_uffd_wp_pmd()
Word ScanProtectedPmd(const Arch& arch, Word word);
// make_uffd_wp_huge_pte(): markers and poisoned pages stay as they are.
Word ScanProtectedHugetlb(const Arch& arch, Word word);

// Categories of one page, as a scan with all categories of interest reports them.
std::uint64_t PageCategories(const World& w, const Vma& vma, const EntryAt& entry);

}  // namespace uffdsim
