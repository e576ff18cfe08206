// mremap(): moving, growing and shrinking mappings.
//
// Mirrors: mm/mremap.c, copy_vma() of mm/vma.c, move_hugetlb_page_tables() of mm/hugetlb.c,
//          move_huge_pmd() of mm/huge_memory.c.
// Marker:  a mapping whose context has EVENT_REMAP takes its marks along. Without the event the new
//          mapping is not registered: marks are cleared, the PROT_NONE of RWP is undone, uffd-wp
//          markers vanish. Entries that move one by one become soft-dirty; whole tables do not.
#pragma once

#include "model/path/step.h"

namespace uffdsim {

// vma_has_uffd_without_event_remap(): marks are dropped on the way.
enum class MoveMarks : std::uint8_t { kKeep, kDrop };
MoveMarks MarksOnMove(const World& w, const Vma& vma);

// --- marks: what an entry of `vma` becomes at its new place ---
// Present PTE or PMD.
Word MovedPresent(const World& w, const Vma& vma, MoveMarks marks, Form form, Word word);
// Swap, migration, device, hwpoison entries; poison and guard markers. NoneWord for a uffd-wp
// marker that must not travel.
Word MovedSoftleaf(const World& w, MoveMarks marks, Form form, Word word);
// hugetlb entries do not become soft-dirty.
Word MovedHugetlb(const World& w, const Vma& vma, MoveMarks marks, Word word);

// The mark of a present word goes, together with the PROT_NONE that it brought.
Word MovedWithoutMark(const World& w, const Vma& vma, Form form, Word word);
// move_normal_pmd(): whether whole tables may move, entries untouched.
bool MovesWholeTables(const World& w, const Vma& old_vma, const Vma& new_vma);
// mremap_userfaultfd_fail(): no event will come, the context may change the address space again.
void RemapFailed(World& w, CtxId ctx);
// vma_merge_copied_range(): the new VMA may merge with its neighbours. Not if it is about to lose
// its context, which the neighbours would lose with it.
bool CopiedVmaMerges(const World& w, const Vma& old_vma);

// move_page_tables(): the entries of [from, from + pages) of `old_vma` go to `to` in `new_vma`.
// Returns how many pages it got to before memory for a page table ran out.
std::uint64_t MovePageTables(World& w, MmId mm, const Vma& old_vma, const Vma& new_vma, Vpn from,
                             Vpn to, std::uint64_t pages);

}  // namespace uffdsim
