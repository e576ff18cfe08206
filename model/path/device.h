// Memory that moves to a device, and pages that a device owns for a while.
//
// Mirrors: migrate_vma_*() of mm/migrate_device.c, remove_migration_pte() of mm/migrate.c,
//          make_device_exclusive() of mm/rmap.c.
// Marker:  a device-private entry carries uffd and soft-dirty of the page it replaces, and gives
// them back;
//          a device-exclusive entry is made of a writable page, so it starts without the mark, but
//          a protection change may set it.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// A driver migrates the anonymous page at `vpn` into its own memory: every mapping becomes a
// device-private entry. EBUSY when the page is held by somebody, EINVAL when there is none.
Errno MigrateToDevice(World& w, MmId mm, Vpn vpn);

// A driver takes the page for itself. The page must be mapped writable (the kernel's GUP write
// comes first); EBUSY otherwise.
Errno MakeDeviceExclusiveEntry(World& w, MmId mm, Vpn vpn);

// --- marks
// -------------------------------------------------------------------------------------------- The
// device-private entry for the present word that remove_migration_pte() would have installed.
Word DevicePrivateEntry(const World& w, Word present, Pfn pfn);
// make_device_exclusive(): the entry that takes the place of a writable present one.
Word DeviceExclusiveEntry(const World& w, Word present, Pfn pfn);
// try_to_migrate_one() on a device-private entry whose page goes back to memory.
Word DeviceMigrationEntry(const World& w, Word entry, Pfn pfn, bool exclusive);
// restore_exclusive_pte(): the present entry of a device-exclusive one.
Word RestoredExclusive(const World& w, const Vma& vma, Word entry, Pfn pfn);

}  // namespace uffdsim
