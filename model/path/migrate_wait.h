// What a fault does about migration and device entries.
//
// Mirrors: migration_entry_wait() of mm/migrate.c, remove_device_exclusive_entry() of mm/memory.c,
//          the migrate_to_ram() callback of a device driver.
#pragma once

#include "model/path/fault.h"

namespace uffdsim {

// Waits for the migration: the access is retried once it is over. A task cannot wait for a
// migration that the same thread holds open; explorers schedule the migrating path.
std::uint32_t MigrationEntryWait(World& w, FaultFrame& f, const Vma& vma);
// Restores a device-exclusive entry: page protection, old, soft-dirty and uffd from the entry.
std::uint32_t RestoreDeviceExclusive(World& w, FaultFrame& f, const Vma& vma);
// Moves a device-private page back to memory.
std::uint32_t MigrateToRam(World& w, FaultFrame& f, const Vma& vma);

}  // namespace uffdsim
