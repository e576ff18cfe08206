// What the clock and the place of free memory decide on a running kernel, taken out of both records
// before they are compared.
//
// NUMA balancing scans an address space whenever its time has come: whether a page is a hint entry
// (no access, without the userfaultfd bit) or has been given back by a hint fault depends on how
// long the operations before took. Compaction moves a page or leaves it, depending on where free
// memory is. A page that was moved is dirty if one of its entries was, and so is each entry that
// maps it for writing later, and MADV_FREE leaves alone a shared page that is dirty; on arm64 a
// moved page is dirty by software where the hardware had said so.
//
// Mirrors: task_numa_work(), change_pte_range() with MM_CP_PROT_NUMA, do_numa_page();
//          isolate_migratepages_block(), try_to_migrate_one(), remove_migration_pte(),
//          set_pte_range().
#pragma once

#include <string>
#include <vector>

#include "sim/scenario/statement.h"

namespace uffdsim {

// What has happened by the time that an operation is performed.
struct Chance {
  bool balanced = false;  // NUMA balancing has been on
  bool compacted = false;
  bool software_dirty = false;  // compacted, where entries show the move itself
  bool freed = false;           // MADV_FREE after a compaction
  bool Any() const { return balanced || compacted || software_dirty || freed; }
};

// For each operation of the scenario, in order. `arch` as uname -m.
std::vector<Chance> ChanceOfOperations(const Scenario& scenario, const std::string& arch);

// The record without what chance decided: with `balanced`, each entry as if it were present, and
// without what a hint and back changes; with `compacted`, a writable entry of a file page without
// dirty and soft-dirty; with `freed`, a present entry without young and dirty; with
// `software_dirty`, an entry that the hardware has made dirty without the software's bit. Anything
// but JSON comes back as it is.
std::string WithoutChance(const std::string& record, const Chance& chance);

}  // namespace uffdsim
