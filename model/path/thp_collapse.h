// What an attempt to collapse one huge page's worth of memory came to.
//
// Mirrors: enum scan_result, madvise_collapse_errno() of mm/khugepaged.c.
#pragma once

#include "model/path/thp.h"

namespace uffdsim {

enum class ScanResult : std::uint8_t {
  kSucceed,
  kPmdMapped,  // mapped by a leaf already
  kFail,
  kNoPteTable,
  kExceedNonePte,  // holes where userfaultfd must see the first touch, or too many
  kExceedSwapPte,
  kExceedSharedPte,
  kLackReferenced,  // nobody used it lately
  kLazyfree,
  kPteNonPresent,
  kPteUffd,        // a mark that a huge entry could not carry page by page
  kPteMappedHuge,  // the page cache has the huge folio: only the mapping is missing
  kPageAnon,
  kPageNull,
  kPageCompound,
  kPageCount,  // somebody else holds a page
  kPageLru,
  kPageLock,
  kTruncated,
  kVmaCheck,
  kAllocHugePage,  // no memory for the huge page
  kMigrating,      // not the kernel's: it sleeps until the migration of a page has ended
};

// What the page table has at PMD level (find_pmd_or_thp_or_none()).
ScanResult PmdState(const World& w, MmId mm, Vpn vpn);
// collapse_possible() for a forced collapse.
bool CollapsePossible(const World& w, const Vma& vma);
// The node that most of the pages counted so far are on (collapse_find_target_node()).
struct NodeLoad {
  static constexpr std::size_t kNodes = 16;
  std::uint32_t pages[kNodes] = {};
  void Count(std::uint8_t node) { ++pages[node]; }
  std::uint8_t Target() const;
};

// Whether a mark on a present word, or on a non-present one, or the VMA of a page-cache mapping,
// stands against collapsing it.
bool CollapseRefusesPresent(const World& w, Word word);
bool CollapseRefusesSoftleaf(const World& w, Word word);
bool CollapseRefusesFileVma(const Vma& vma);

// How much a collapse puts up with, in pages of one huge page (collapse_max_ptes_none() and its
// siblings): MADV_COLLAPSE takes everything, khugepaged what its sysfs files say by default.
struct CollapseLimits {
  bool daemon = false;  // khugepaged: wants young pages, leaves lazyfree ones
  std::uint64_t none = 0;
  std::uint64_t swap = 0;
  std::uint64_t shared = 0;
};
CollapseLimits ForcedLimits(const World& w);
CollapseLimits KhugepagedLimits(const World& w);

// collapse_scan_pmd() and collapse_huge_page().
ScanResult CollapseAnon(World& w, MmId mm, Vma& vma, Vpn first, const CollapseLimits& limits);
// collapse_scan_file(), collapse_file() and try_collapse_pte_mapped_thp(), thp_collapse_file.cc.
ScanResult CollapseFile(World& w, MmId mm, const Vma& vma, Vpn first, const CollapseLimits& limits);

}  // namespace uffdsim
