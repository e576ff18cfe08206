// Memory that moves to a device, and pages that a device owns for a while.
//
// Mirrors: migrate_vma_*() of mm/migrate_device.c, remove_migration_pte() of mm/migrate.c,
//          make_device_exclusive() of mm/rmap.c.
// Marker:  a device-private entry carries uffd and soft-dirty of the page it replaces, and gives
// them
//          back. A device-exclusive entry is made of a writable page, so it starts without the mark
//          whatever the page had, but a protection change may set it.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// migrate_vma_*(): a driver migrates the anonymous page at `vpn`, or the huge page that a leaf maps
// there, into its own memory: every mapping becomes a device-private entry. The zero page and a
// hole get a fresh device page, unless MISSING is registered. EBUSY when somebody holds the page,
// EINVAL when it cannot move.
Errno MigrateToDevice(World& w, MmId mm, Vpn vpn);

// make_device_exclusive(): a driver takes the page for itself. It must be mapped writable by a PTE
// (the kernel's GUP write comes first); EBUSY otherwise, EOPNOTSUPP when it is not anonymous.
Errno MakeDeviceExclusiveEntry(World& w, MmId mm, Vpn vpn);

// --- marks ---------------------------------------------------------------------------------------
// The device-private entry for the present word that remove_migration_pte() would have installed.
Word DevicePrivateEntry(const World& w, Form form, Word present);
// make_device_exclusive(): the entry that takes the place of a writable present one, which has no
// mark.
Word DeviceExclusiveEntry(const World& w, Word present, Pfn pfn);
// try_to_migrate_one() on a device-private entry whose page goes back to memory.
Word DeviceMigrationEntry(const World& w, Form form, Word entry, bool exclusive);
// restore_exclusive_pte(): the present entry of a device-exclusive one.
Word RestoredExclusive(const World& w, const Vma& vma, Word entry, Pfn pfn);

}  // namespace uffdsim
