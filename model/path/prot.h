// What a VMA's flags say about its entries: page protection, write upgrades, markers.
//
// Mirrors: vma_set_page_prot() and vma_wants_writenotify() of mm/vma.c, can_change_pte_writable()
// and
//          vma_wants_manual_pte_write_upgrade() of mm/mprotect.c, userfaultfd_wp_use_markers() of
//          include/linux/userfaultfd_k.h.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// vma_wants_writenotify(): a write to a shared VMA must fault even where the VMA permits it.
bool WantsWritenotify(const World& w, const Vma& vma);
// Recomputes vma.page_prot from its flags (mprotect, WP change of a shared VMA, clear_refs 4).
void SetPageProt(const World& w, Vma& vma);

// Soft-dirty tracking is on for the VMA (vma_soft_dirty_enabled()).
bool SoftDirtyEnabled(const World& w, const Vma& vma);

bool WantsManualUpgrade(const World& w, const Vma& vma);
// can_change_pte_writable() / can_change_pmd_writable() on a present word.
bool MayUpgrade(const World& w, const Vma& vma, Form form, Word word);

// WP VMA whose empty entries carry markers.
bool UseMarkers(const World& w, const Vma& vma);

// The three-way meaning of a present protnone entry: armed, else a NUMA hint, or no access to the
// VMA at all. The bit tells RWP from a hint, but only together with the VMA's mode.
bool IsArmed(const World& w, const Vma& vma, Form form, Word word);

// Restores the uffd state of an entry that becomes present again: the uffd bit (which removes write
// permission) and, in an RWP VMA, PROT_NONE on top. `marked`: the old entry carried the bit.
Word RestoreUffd(const World& w, const Vma& vma, Form form, Word word, bool marked);

}  // namespace uffdsim
