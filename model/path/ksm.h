// Same-page merging.
//
// Mirrors: mm/ksm.c.
// Marker:  merging replaces an entry by a read-only one of the shared page without the bit, so RWP
// and
//          WP protection are lost silently; only the entry of the page that is promoted in place
//          keeps it. Un-merging is an unshare fault that cannot wait: on an armed entry of a
//          synchronous RWP context it fails, which un-merging takes for "nothing to do".
#pragma once

#include "model/path/step.h"

namespace uffdsim {

// __ksm_enter(): the process joins the scan list (the first MADV_MERGEABLE, or fork from one that
// had joined). __ksm_exit(): it leaves, at exit.
void KsmEnter(World& w, MmId mm);
void KsmExit(World& w, MmId mm);
// ksm_compatible(): whether MADV_MERGEABLE does anything.
bool KsmCompatible(const Vma& vma);

// Pushes break_ksm() of [first, last) of one VMA: un-merges its KSM pages, for MADV_UNMERGEABLE and
// mremap. When it returns, Task::error is kOk or ENOMEM.
void PushBreakKsm(Task& t, MmId mm, Vpn first, Vpn last);

// Pushes unmerge_and_remove_all_rmap_items(): every process's KSM pages, to the outcome.
void PushUnmergeAll(Task& t);

// folio_migrate_ksm(): the stable page moved to another frame.
void KsmMoved(World& w, Pfn from, Pfn to);

// --- marks
// --------------------------------------------------------------------------------------------
// write_protect_page(): the entry of the page that is promoted in place; keeps the mark.
Word KsmProtectedWord(const World& w, Word present);
// replace_page(): the entry that maps the stable page instead; no mark.
Word KsmReplacedWord(const World& w, const Vma& vma, Pfn stable);

}  // namespace uffdsim
