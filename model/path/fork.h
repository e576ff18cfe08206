// fork(): duplicating an address space.
//
// Mirrors: dup_mmap() of mm/mmap.c, copy_page_range() and below of mm/memory.c, copy_huge_pmd() of
//          mm/huge_memory.c, copy_hugetlb_page_range() of mm/hugetlb.c, dup_userfaultfd() of
//          mm/userfaultfd.c.
// Marker:  the child keeps the mark (and PROT_NONE) exactly if its VMA is still WP or RWP, that is
// if
//          the context has EVENT_FORK. Otherwise the mark is cleared and PROT_NONE that came from
//          it is normalised away; a PROT_NONE of NUMA hinting stays.
#pragma once

#include <vector>

#include "model/path/step.h"

namespace uffdsim {

// A parent's VMA and its copy.
struct ForkedVma {
  MmId parent{};
  MmId child{};
  const Vma* src = nullptr;
  const Vma* dst = nullptr;
};

// --- marks: what the child's entry carries ---
// Whether the child's VMA still gives the mark a meaning.
bool ForkKeepsMarks(const ForkedVma& v);
// The mark of an unregistered child goes, together with the PROT_NONE that it brought; a NUMA hint
// stays.
Word ForkedWithoutMark(const World& w, const ForkedVma& v, Form form, Word word);
// Whether the parent's entry `word` loses write permission because the page is shared from now on.
bool ForkProtectsParent(const World& w, const ForkedVma& v, Word word);
// __copy_present_ptes(): the child's word; `word` is what the parent had. Both forms.
Word ForkedPresent(const World& w, const ForkedVma& v, Form form, Word word);
// copy_present_page(): a pinned page is copied at once; the mark of the source is delivered again.
Word ForkedPinned(const World& w, const ForkedVma& v, Pfn copy, Word word);
// hugetlb_install_folio(): the same for a hugetlb page.
Word ForkedHugetlbPinned(const World& w, const ForkedVma& v, Pfn copy, Word word);
// A present hugetlb entry.
Word ForkedHugetlb(const World& w, const ForkedVma& v, Word word);
// The readable twin that a migration or device entry of the parent becomes; `word` itself when it
// is readable already.
Word ForkedReadable(const World& w, Form form, Word word);
// copy_nonpresent_pte(): swap, migration, device-private and hwpoison entries, after the parent's
// own entry was downgraded to `word`.
Word ForkedSoftleaf(const World& w, const ForkedVma& v, Form form, Word word);
// copy_pte_marker(): NoneWord when nothing is to be copied.
Word ForkedMarker(const World& w, const ForkedVma& v, Word word);

// --- copying ---
// vma_needs_copy(): what a fault fills again correctly is not copied. It is the child's VMA that
// may be WP or RWP.
bool ForkNeedsCopy(const ForkedVma& v);
// dup_userfaultfd_fail() for one context of the parent: no event will come.
void ForkFailed(World& w, CtxId original);
// copy_page_range(). ENOMEM when a page table or the copy of a pinned page could not be had.
Errno CopyPageRange(World& w, const ForkedVma& v);

// fork_huge.cc: copy_huge_pmd(); kSplit: the parent's PMD was split, copy its PTEs.
enum class PmdCopy : std::uint8_t { kDone, kSplit };
PmdCopy CopyPmd(World& w, const ForkedVma& v, Vpn vpn);
// copy_hugetlb_page_range().
Errno CopyHugetlbRange(World& w, const ForkedVma& v);

// folio_try_dup_anon_rmap(): the frame stops being exclusive. False when it may be pinned and has
// to be copied now.
bool TryShareAnon(World& w, Pfn pfn);

}  // namespace uffdsim
