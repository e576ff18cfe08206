// What a fault does about device entries. On a migration entry it sleeps (kFaultWait) until
// RemoveMigrationEntries() lets everybody look again.
//
// Mirrors: remove_device_exclusive_entry() of mm/memory.c, the migrate_to_ram() callback of a
//          device driver.
#pragma once

#include "model/path/fault.h"

namespace uffdsim {

// Restores a device-exclusive entry: page protection, old, soft-dirty and uffd from the entry.
std::uint32_t RestoreDeviceExclusive(World& w, FaultFrame& f, const Vma& vma);
// Moves a device-private page back to memory.
std::uint32_t MigrateToRam(World& w, FaultFrame& f, const Vma& vma);

}  // namespace uffdsim
