// Decisions in which the clean code is better than Linux 7.3.4.
//
// Each is a site (sites.def), and model/defect has a row that makes it what the release does; see
// linux_7_3_4.def there. Kept together so that what "ideal" means can be read in one place.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// An armed page of file memory that is unmapped leaves a marker, as a write-protected one does; a
// marker in such a VMA means "armed, and empty".
bool KeepsRwpMarkers(const World& w, const Vma& vma);
// Splitting a PMD that maps file memory keeps the pages mapped, one by one.
bool SplitsFilePmd(const World& w, const Vma& vma);
// The entry of a KSM page carries the mark of the entry that it replaces.
bool KsmKeepsMark(const World& w, const Vma& vma);
// The entry of a KSM page carries the soft-dirty bit of the entry that it replaces.
bool KsmKeepsSoftDirty(const World& w, const Vma& vma);
// What UFFDIO_MOVE makes of the mark of a swapped page: the destination's mode decides.
bool MoveDropsForeignMark(const World& w, const Vma& dst);
// UFFDIO_MOVE of a huge zero page makes a new entry with the destination's protection.
bool MoveRemakesHugeZero(const World& w, const Vma& dst);
// A forced write that copies an armed page of an inaccessible VMA keeps it armed.
bool ForcedCopyKeepsMark(const World& w, const Vma& vma);
// UNREGISTER wakes who sleeps in the VMA, whatever mode it is registered for.
bool UnregisterWakes(const World& w, const Vma& vma);
// WRITEPROTECT looks at all VMAs of its range before it changes any.
bool WriteprotectLooksAhead(const World& w, MmId mm);
// UNREGISTER looks at the alignment of its whole range before it resolves any of it.
bool UnregisterLooksAhead(const World& w, MmId mm);

// MADV_GUARD_INSTALL drops the markers that zapping would leave in its way.
bool GuardDropsMarkers(const World& w, const Vma& vma);
// PAGEMAP_SCAN without a vector protects only the pages of the categories that it was asked for.
bool ScanHonoursMasks(const World& w, const Vma& vma);
// A collapse that maps a huge page of a file by a PMD keeps what the entries knew of writes.
bool CollapseKeepsWritten(const World& w, const Vma& vma);
// Clearing soft-dirty makes migration and device entries read-only, as it does present ones.
bool ClearRefsDeniesSoftleaf(const World& w, const Vma& vma);
// A device page in the place of a marked zero page carries the mark.
bool DeviceFillKeepsMark(const World& w, const Vma& vma);
// The entry of a device page that nobody had before is soft-dirty, as that of any new page is.
bool DeviceFillIsSoftDirty(const World& w, const Vma& vma);

}  // namespace uffdsim
