// What a NUMA hint fault does beside making the page accessible again.
//
// Mirrors: numa_migrate_check(), migrate_misplaced_folio(), numa_rebuild_large_mapping() of mm/.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// Called with the entry still PROT_NONE. True when the folio was moved to another node; the entry
// is then already the restored one. For a large folio that is not moved, makes its other hinted
// entries of the same table accessible, except armed ones.
bool NumaHintMigrates(World& w, MmId mm, const Vma& vma, Vpn vpn);

// numa_rebuild_large_mapping(): whether a neighbour's entry is a hint that the fault ends too.
bool NumaReopens(const World& w, const Vma& vma, Word word);

}  // namespace uffdsim
