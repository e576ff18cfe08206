#include "model/path/migrate.h"

#include <algorithm>
#include <utility>

#include "model/mm/entry.h"
#include "model/path/hugetlb.h"
#include "model/path/ksm.h"
#include "model/path/paths.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/swap_out.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

struct MigrateFrame {
  MigrateTarget target;
  bool holds = false;  // stop once the entries are out
};

enum MigrateStep : std::uint8_t { kUnmap, kMove, kRestore, kFinish };

// How one level stores its entries: hugetlb words are PTEs in the table's own format.
struct Slot {
  Form form;
  const Vma* hugetlb;  // null: an ordinary mapping
  int level;
};

Slot SlotOf(const Vma& vma, int level) {
  if (vma.Hugetlb()) return {.form = Form::kPte, .hugetlb = &vma, .level = level};
  return {.form = level == 0 ? Form::kPte : Form::kPmd, .hugetlb = nullptr, .level = level};
}

Word Load(const World& w, MmId mm, const Slot& slot, Vpn vpn) {
  if (slot.hugetlb != nullptr) return HugeEntry(w, mm, *slot.hugetlb, vpn);
  const PageTable& table = w.mm(mm).table;
  return slot.level == 0 ? table.GetPte(vpn) : table.GetPmd(vpn);
}

void Store(World& w, MmId mm, const Slot& slot, Vpn vpn, Word word) {
  if (slot.hugetlb != nullptr) return SetHugeEntry(w, mm, *slot.hugetlb, vpn, word);
  PageTable& table = w.mm(mm).table;
  if (slot.level == 0) return table.SetPte(vpn, word);
  table.SetPmd(vpn, word);
}

// One mapping of try_to_migrate(); false when it has to stay.
bool InstallOne(World& w, const Mapping& m) {
  const Arch& arch = *w.arch;
  const Vma& vma = *w.mm(m.mm).vmas.Find(m.vpn);
  const Slot slot = SlotOf(vma, m.level);
  const std::uint32_t count = m.level == 0 ? 1 : w.frames.Count(m.pfn);
  const Pfn head = w.frames.HeadOf(m.pfn);
  Page& folio = w.frames[head];
  NotifyInvalidate(w, m.mm, m.vpn, m.vpn + count);
  const Word word = Load(w, m.mm, slot, m.vpn);
  if (arch.Dirty(slot.form, word)) folio.flags |= kPgDirty;
  Page& page = w.frames[m.pfn];
  const bool exclusive = folio.Has(kPgAnon) && page.Has(kPgAnonExclusive);
  // folio_try_share_anon_rmap: a pin keeps the page exclusive, so it cannot move.
  if (exclusive && FolioPinned(w, m.pfn)) return false;
  if (w.Chooses(ChoicePoint::k_fail_unmap)) return false;
  page.flags &= ~static_cast<std::uint32_t>(kPgAnonExclusive);
  Store(w, m.mm, slot, m.vpn, w.steps->site.migration_entry(w, slot.form, word, m.pfn, exclusive));
  w.steps->site.flush_migrated(w, m.mm, m.vpn, m.vpn + count);
  UnmapFrames(w, m.pfn, count);
  // Its PTEs go one after the other, which puts a large folio on the deferred split list; the copy
  // inherits that place (folio_remove_rmap_pte(), migrate_folio_move()).
  if (FolioPartlyMapped(w, head)) w.frames[head].flags |= kPgPartlyMapped;
  return true;
}

// A huge leaf is split first where there are no PMD softleaves, and where one would pass for a
// present leaf: riscv64 with soft-dirty, loongarch64 with 4 KiB pages (model/arch). Linux does not
// see the latter; what it then does to memory that belongs to others is not modelled.
void SplitUnfitLeaves(World& w, Pfn head) {
  const Arch& arch = *w.arch;
  for (const Mapping& m : MappingsOf(w, head)) {
    const Vma vma = *w.mm(m.mm).vmas.Find(m.vpn);
    if (m.level == 0 || vma.Hugetlb()) continue;
    const Word present = w.mm(m.mm).table.GetPmd(m.vpn);
    const Word entry = MigrationEntryFor(w, Form::kPmd, present, m.pfn, true);
    const bool fits = arch.SupportsPmdSoftleaves() && !arch.Present(Form::kPmd, entry);
    if (!fits) SplitPmd(w, m.mm, vma, m.vpn);
  }
}

struct Entry {
  MmId mm{};
  Vpn vpn{};
  int level = 0;
};

bool NamesFolio(const World& w, Form form, Word word, Pfn head) {
  if (w.arch->None(form, word) || w.arch->Present(form, word)) return false;
  if (!IsMigration(Classify(*w.arch, form, word))) return false;
  const Pfn pfn = SoftleafPfn(*w.arch, form, word);
  return pfn >= head && pfn < head + w.frames.Count(head);
}

int LeafLevel(const World& w, const PageTable& table, const Vma& vma, Vpn vpn) {
  if (vma.Hugetlb()) return LevelOf(vma.hstate);
  return w.arch->None(Form::kPmd, table.GetPmd(vpn)) ? 0 : 1;
}

void CollectEntries(const World& w, MmId id, const Vma& vma, Pfn head, std::vector<Entry>* out) {
  const Page& folio = w.frames[head];
  Vpn first = vma.start;
  Vpn last = vma.end;
  if (!folio.Has(kPgKsm)) {
    const std::uint64_t begin = std::max(folio.index, vma.pgoff.value);
    const std::uint64_t end =
        std::min(folio.index + w.frames.Count(head), vma.pgoff.value + vma.pages());
    if (begin >= end) return;
    first = vma.start + (begin - vma.pgoff.value);
    last = vma.start + (end - vma.pgoff.value);
  }
  const PageTable& table = w.mm(id).table;
  for (Vpn vpn = table.NextMapped(first, last); vpn < last; vpn = table.NextMapped(vpn + 1, last)) {
    const int level = LeafLevel(w, table, vma, vpn);
    const Slot slot = SlotOf(vma, level);
    const std::uint64_t mask = table.PagesPerEntry(level) - 1;
    const Vpn at(vpn.value & ~mask);
    if (NamesFolio(w, slot.form, Load(w, id, slot, at), head)) {
      out->push_back({.mm = id, .vpn = at, .level = level});
    }
    vpn = Vpn(vpn.value | mask);
  }
}

// Every migration entry of the folio, in the order of processes and addresses.
std::vector<Entry> EntriesOf(const World& w, Pfn head) {
  std::vector<Entry> found;
  for (std::size_t m = 0; m < w.mms.size(); ++m) {
    if (!w.mms[m].alive) continue;
    const MmId id(static_cast<std::uint16_t>(m));
    for (const Vma& vma : w.mms[m].vmas.list()) CollectEntries(w, id, vma, head, &found);
  }
  return found;
}

// A frame of the destination takes over what the source's held.
void CopyFrame(World& w, Pfn from, Pfn to) {
  constexpr std::uint32_t kKept = kPgAnon | kPgKsm | kPgDirty | kPgSwapBacked | kPgSwapCache |
                                  kPgReferenced | kPgActive | kPgMlocked | kPgHugetlb |
                                  kPgHugetlbRestore | kPgFallocated | kPgPartlyMapped | kPgReclaim;
  const Content content = LookAtContent(w, from);
  Page& source = w.frames[from];
  Page& target = w.frames[to];
  target.flags |= source.flags & kKept;
  target.content = content;
  target.index = source.index;
  target.file = source.file;
  target.swap_slot = source.swap_slot;
  source.file = FileId(0);
  source.flags &= ~static_cast<std::uint32_t>(kPgSwapCache | kPgDirty);
}

// The caches that named the old frames name the new ones.
void ReplaceInCaches(World& w, Pfn to) {
  const Page folio = w.frames[to];
  for (std::uint32_t i = 0; i < w.frames.Count(to); ++i) {
    if (folio.Has(kPgSwapCache)) {
      w.swap[folio.swap_slot + i].cache = to + i;
    } else if (!folio.Has(kPgAnon) && folio.file != FileId(0)) {
      const CacheSlot old = w.file(folio.file).cache.Get(folio.index + i);
      // A large folio may be named by its head in every slot.
      if (!old.is_frame()) continue;
      w.file(folio.file).cache.Set(folio.index + i, CacheSlot::Frame(to + i));
    }
  }
}

// Frees the source: its reference from isolation, and for hugetlb without giving it to the pool,
// from which the destination was not taken either.
void FreeSource(World& w, Pfn from) {
  Page& folio = w.frames[from];
  folio.refs = 0;
  if (folio.Has(kPgHugetlb)) {
    w.frames.Free(from);
    return;
  }
  MaybeFreeFolio(w, from);
}

void Putback(World& w, Pfn head) {
  if (!w.frames[head].Has(kPgHugetlb)) return PutbackFolio(w, head);
  --w.frames[head].refs;
  MaybeFreeFolio(w, head);
}

// --- steps
// ------------------------------------------------------------------------------------------------
// migrate_pages_batch(): a large folio that is mapped only in part is split first; its pages then
// go one by one.
void SplitPartlyMapped(World& w, Task& t) {
  for (std::size_t i = 0; i < t.isolated.size(); ++i) {
    const Pfn head = t.isolated[i].from;
    const std::uint32_t count = w.frames.Count(head);
    if (!FolioPartlyMapped(w, head) || !SplitFolio(w, head)) continue;
    for (std::uint32_t k = 1; k < count; ++k) {
      if (w.frames[head + k].mapcount == 0) continue;
      ++w.frames[head + k].refs;
      t.isolated.push_back({.from = head + k});
    }
  }
}

// Leaves the folios whose entries are out to whoever ends the migration; the others go back.
Next Hold(World& w, Task& t) {
  t.value = 0;
  for (const Task::Isolated& folio : t.isolated) {
    if (folio.unmapped) {
      w.open_migrations.push_back(folio);
      ++t.value;
      continue;
    }
    RemoveMigrationEntries(w, folio.from, folio.from);
    w.frames.Free(folio.to);
    Putback(w, folio.from);
  }
  t.isolated.clear();
  return Next::Return();
}

Next UnmapAll(World& w, Task& t, MigrateFrame& f) {
  SplitPartlyMapped(w, t);
  for (Task::Isolated& folio : t.isolated) {
    const Page& page = w.frames[folio.from];
    const std::uint8_t node = f.target.same_node ? page.node : f.target.node;
    folio.to = w.frames.Alloc(page.order, node);
    folio.unmapped = InstallMigrationEntries(w, folio.from);
  }
  return f.holds ? Hold(w, t) : Next::Continue();
}

Next MoveAll(World& w, Task& t, MigrateFrame&) {
  for (Task::Isolated& folio : t.isolated) {
    const bool fails = w.Chooses(ChoicePoint::k_fail_migrate);
    if (!fails && folio.unmapped && MoveFolio(w, folio.from, folio.to)) {
      ++w.frames[folio.to].refs;  // the migration's own, so that nobody frees it meanwhile
      continue;
    }
    w.frames.Free(folio.to);
    folio.to = folio.from;
  }
  return Next::Continue();
}

Next RestoreAll(World& w, Task& t, MigrateFrame&) {
  for (const Task::Isolated& folio : t.isolated) RemoveMigrationEntries(w, folio.from, folio.to);
  return Next::Continue();
}

Next Finish(World& w, Task& t, MigrateFrame&) {
  t.value = 0;
  for (const Task::Isolated& folio : t.isolated) {
    if (folio.to == folio.from) {
      ++t.value;
      Putback(w, folio.from);
      continue;
    }
    FreeSource(w, folio.from);
    --w.frames[folio.to].refs;
    w.frames[folio.to].flags |= w.frames[folio.to].Has(kPgHugetlb) ? 0U : std::uint32_t{kPgLru};
    MaybeFreeFolio(w, folio.to);
  }
  t.isolated.clear();
  return Next::Return();
}

constexpr Step kSteps[] = {
    StepOf<MigrateFrame, &UnmapAll>("unmap", kTouchMemory),
    StepOf<MigrateFrame, &MoveAll>("move", kTouchFolio | kTouchCache | kTouchSwap),
    StepOf<MigrateFrame, &RestoreAll>("restore", kTouchMemory),
    StepOf<MigrateFrame, &Finish>("finish", kTouchFolio | kTouchSwap),
};

}  // namespace

const Path kMigratePath = {"migrate", "mm/migrate.c migrate_pages()", kSteps};

Word MigrationEntryFor(const World& w, Form form, Word present, Pfn pfn, bool exclusive) {
  const Arch& arch = *w.arch;
  MigrationAccess access = MigrationAccess::kRead;
  if (arch.Write(form, present)) {
    access = MigrationAccess::kWrite;
  } else if (exclusive) {
    access = MigrationAccess::kReadExclusive;
  }
  const MigrationAd ad{.young = arch.Young(form, present), .dirty = arch.Dirty(form, present)};
  Word word = MakeMigration(arch, form, access, pfn, ad);
  if (arch.SoftDirty(form, present)) word = arch.SwpMkSoftDirty(form, word);
  if (arch.Uffd(form, present)) word = arch.SwpMkUffd(form, word);
  return word;
}

Word MigratedEntry(const World& w, const Vma& vma, Form form, Word entry, Pfn pfn,
                   bool folio_dirty) {
  const Arch& arch = *w.arch;
  const MigrationAd ad = MigrationAdOf(arch, form, entry);
  Word word = vma.Hugetlb() ? arch.HugetlbMake(SizeOf(vma.hstate), pfn.value, vma.page_prot)
                            : arch.Make(form, pfn, vma.page_prot);
  if (!ad.young) word = arch.MkOld(form, word);
  if (folio_dirty && ad.dirty) word = arch.MkDirty(form, word);
  word = arch.SwpSoftDirty(form, entry) ? arch.MkSoftDirty(form, word)
                                        : arch.ClearSoftDirty(form, word);
  if (Classify(arch, form, entry) == EntryKind::kMigrationWrite) word = arch.MkWrite(form, word);
  return w.steps->site.restore_uffd(w, vma, form, word, arch.SwpUffd(form, entry));
}

bool InstallMigrationEntries(World& w, Pfn head) {
  SplitUnfitLeaves(w, head);
  bool all = true;
  for (const Mapping& m : MappingsOf(w, head)) all = InstallOne(w, m) && all;
  return all;
}

void RemoveMigrationEntries(World& w, Pfn from, Pfn to) {
  const bool dirty = w.frames[to].Has(kPgDirty);
  const bool anon = w.frames[to].Has(kPgAnon);
  for (const Entry& at : EntriesOf(w, from)) {
    const Vma& vma = *w.mm(at.mm).vmas.Find(at.vpn);
    const Slot slot = SlotOf(vma, at.level);
    const Word entry = Load(w, at.mm, slot, at.vpn);
    const Pfn pfn = to + static_cast<std::uint32_t>(SoftleafPfn(*w.arch, slot.form, entry) - from);
    const bool shared = Classify(*w.arch, slot.form, entry) == EntryKind::kMigrationRead;
    if (anon && !shared) w.frames[pfn].flags |= kPgAnonExclusive;
    MapFrames(w, pfn, at.level == 0 ? 1 : w.frames.Count(to));
    Store(w, at.mm, slot, at.vpn, w.steps->site.migrated(w, vma, slot.form, entry, pfn, dirty));
  }
  // Whoever waits for the folio's lock looks again, and sleeps again if it waits for another one.
  for (Task& t : w.tasks) {
    const bool waits = t.state == Task::State::kAsleep && t.sleep == Task::Sleep::kMigration;
    if (waits) t.state = Task::State::kRunnable;
  }
}

bool MoveFolio(World& w, Pfn from, Pfn to) {
  if (const FileId file = w.frames[from].file; file != FileId(0)) {
    if (Unmovable(w.file(file).kind)) return false;
  }
  if (w.frames[from].refs > 1 || FolioPinned(w, from) || FolioMapcount(w, from) != 0) return false;
  for (std::uint32_t i = 0; i < w.frames.Count(from); ++i) CopyFrame(w, from + i, to + i);
  ReplaceInCaches(w, to);
  if (w.frames[to].Has(kPgKsm)) KsmMoved(w, from, to);
  return true;
}

bool IsolateForMigration(World& w, Task& t, Pfn head) {
  if (w.frames[head].Has(kPgHugetlb)) {
    const bool listed = std::any_of(t.isolated.begin(), t.isolated.end(),
                                    [&](const Task::Isolated& i) { return i.from == head; });
    if (listed) return false;
    ++w.frames[head].refs;
  } else if (!IsolateFolio(w, head)) {
    return false;
  }
  t.isolated.push_back({.from = head});
  return true;
}

void PushMigrate(Task& t, MigrateTarget target) {
  PushPath<MigrateFrame>(t, PathOf::k_migrate).target = target;
}

void PushMigrateOut(Task& t) {
  MigrateFrame& f = PushPath<MigrateFrame>(t, PathOf::k_migrate);
  f.target.same_node = true;
  f.holds = true;
}

void PushMigrateIn(World& w, Task& t) {
  t.isolated = std::exchange(w.open_migrations, {});
  PushPath<MigrateFrame>(t, PathOf::k_migrate);
  t.top().step = kMove;
}

}  // namespace uffdsim
