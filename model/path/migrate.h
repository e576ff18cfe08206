// Migration of folios: entries are replaced by migration entries, the folio is copied, entries come
// back.
//
// Mirrors: try_to_migrate_one() of mm/rmap.c, set_pmd_migration_entry() of mm/huge_memory.c,
//          move_to_new_folio(), remove_migration_pte() of mm/migrate.c.
// Marker:  the migration entry carries uffd and soft-dirty, and with them what kind of access the
// page
//          had; the entry that comes back has the mark again, and in an RWP VMA PROT_NONE with it.
//          A protection change in between works on the migration entry and is honoured.
#pragma once

#include "model/path/step.h"

namespace uffdsim {

// --- marks
// -------------------------------------------------------------------------------------------- What
// stands in for a present entry while its folio moves. `exclusive`: the frame was AnonExclusive.
Word MigrationEntryFor(const World& w, Form form, Word present, Pfn pfn, bool exclusive);
// The entry when the migration ends; `folio_dirty`: the folio is dirty now.
Word MigratedEntry(const World& w, const Vma& vma, Form form, Word entry, Pfn pfn,
                   bool folio_dirty);

// --- the stages
// -----------------------------------------------------------------------------------
// try_to_migrate(): false when some mapping could not be replaced (a pinned exclusive page).
bool InstallMigrationEntries(World& w, Pfn head);
// remove_migration_ptes(): points the entries of the folio `from` at `to` (which may be `from`),
// and wakes whoever sleeps on a migration entry.
void RemoveMigrationEntries(World& w, Pfn from, Pfn to);
// move_to_new_folio(): content, flags and cache slots go to `to`; false when somebody holds `from`.
bool MoveFolio(World& w, Pfn from, Pfn to);

// folio_isolate_lru() or folio_isolate_hugetlb() onto Task::isolated; false when the folio is busy.
bool IsolateForMigration(World& w, Task& t, Pfn head);

// migrate_pages() of the folios in Task::isolated. When it returns, Task::value is the number of
// folios that stayed where they were (all are back on their lists), and Task::isolated is empty.
struct MigrateTarget {
  std::uint8_t node = 0;
  bool same_node = false;  // compaction: each stays on its node
};
void PushMigrate(Task& t, MigrateTarget target);
// The first half of it, each folio on its node: what could be unmapped goes from Task::isolated to
// World::open_migrations; Task::value is how many folios that are.
void PushMigrateOut(Task& t);
// The second half of it, for all of World::open_migrations.
void PushMigrateIn(World& w, Task& t);

}  // namespace uffdsim
