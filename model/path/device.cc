#include "model/path/device.h"

#include <vector>

#include "model/mm/entry.h"
#include "model/path/migrate.h"
#include "model/path/migrate_wait.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/swap_out.h"

namespace uffdsim {
namespace {

struct Place {
  MmId mm{};
  Vpn vpn{};
};

// Where device-private entries (or, between the stages, migration entries) name the frame.
template <class Wanted>
std::vector<Place> PlacesOf(const World& w, Pfn pfn, Wanted wanted) {
  const Arch& arch = *w.arch;
  std::vector<Place> found;
  for (std::size_t m = 0; m < w.mms.size(); ++m) {
    if (!w.mms[m].alive) continue;
    const MmId mm(static_cast<std::uint16_t>(m));
    const PageTable& table = w.mms[m].table;
    for (const Vma& vma : w.mms[m].vmas.list()) {
      for (Vpn vpn = table.NextMapped(vma.start, vma.end); vpn < vma.end;
           vpn = table.NextMapped(vpn + 1, vma.end)) {
        const Word word = table.GetPte(vpn);
        if (wanted(Classify(arch, Form::kPte, word)) &&
            SoftleafPfn(arch, Form::kPte, word) == pfn) {
          found.push_back({.mm = mm, .vpn = vpn});
        }
      }
    }
  }
  return found;
}

bool HoldsSinglePage(const World& w, Pfn pfn) {
  const Page& page = w.frames[pfn];
  return page.order == 0 && page.Has(kPgAnon) && !page.Has(kPgZero) && !page.Has(kPgKsm);
}

}  // namespace

Word DeviceMigrationEntry(const World& w, Word entry, Pfn pfn, bool exclusive) {
  const Arch& arch = *w.arch;
  MigrationAccess access = MigrationAccess::kRead;
  if (Classify(arch, Form::kPte, entry) == EntryKind::kDevicePrivateWrite) {
    access = MigrationAccess::kWrite;
  } else if (exclusive) {
    access = MigrationAccess::kReadExclusive;
  }
  Word word = MakeMigration(arch, Form::kPte, access, pfn, {});
  if (arch.SwpSoftDirty(Form::kPte, entry)) word = arch.SwpMkSoftDirty(Form::kPte, word);
  if (arch.SwpUffd(Form::kPte, entry)) word = arch.SwpMkUffd(Form::kPte, word);
  return word;
}

Word DevicePrivateEntry(const World& w, Word present, Pfn pfn) {
  const Arch& arch = *w.arch;
  Word word = MakeDevicePrivate(arch, Form::kPte, arch.Write(Form::kPte, present), pfn);
  if (arch.SoftDirty(Form::kPte, present)) word = arch.SwpMkSoftDirty(Form::kPte, word);
  if (arch.Uffd(Form::kPte, present)) word = arch.SwpMkUffd(Form::kPte, word);
  return word;
}

Word DeviceExclusiveEntry(const World& w, Word present, Pfn pfn) {
  const Arch& arch = *w.arch;
  Word word = MakeDeviceExclusive(arch, pfn);
  if (arch.SoftDirty(Form::kPte, present)) word = arch.SwpMkSoftDirty(Form::kPte, word);
  if (arch.Uffd(Form::kPte, present)) word = arch.SwpMkUffd(Form::kPte, word);
  return word;
}

Word RestoredExclusive(const World& w, const Vma& vma, Word entry, Pfn pfn) {
  const Arch& arch = *w.arch;
  Word word = arch.MkOld(Form::kPte, arch.Make(Form::kPte, pfn, vma.page_prot));
  if (arch.SwpSoftDirty(Form::kPte, entry)) word = arch.MkSoftDirty(Form::kPte, word);
  word = w.steps->site.restore_uffd(w, vma, Form::kPte, word, arch.SwpUffd(Form::kPte, entry));
  if (!w.steps->site.may_upgrade(w, vma, Form::kPte, word)) return word;
  if (w.frames.Head(pfn).Has(kPgDirty)) word = arch.MkDirty(Form::kPte, word);
  return arch.MkWrite(Form::kPte, word);
}

Errno MigrateToDevice(World& w, MmId mm, Vpn vpn) {
  const Arch& arch = *w.arch;
  const Word word = w.mm(mm).table.GetPte(vpn);
  if (arch.None(Form::kPte, word) || !arch.Present(Form::kPte, word)) return Errno::kEINVAL;
  const Pfn from = arch.PfnOf(Form::kPte, word);
  if (!HoldsSinglePage(w, from)) return Errno::kEINVAL;
  if (!IsolateFolio(w, from)) return Errno::kEBUSY;
  const Pfn to = w.frames.Alloc(0, w.frames[from].node);
  const bool moved = InstallMigrationEntries(w, from) && MoveFolio(w, from, to);
  const std::vector<Place> places = PlacesOf(w, from, &IsMigration);
  RemoveMigrationEntries(w, from, moved ? to : from);
  PutbackFolio(w, from);
  if (!moved) {
    w.frames.Free(to);
    return Errno::kEBUSY;
  }
  for (const Place& at : places) {
    PageTable& table = w.mm(at.mm).table;
    const Word present = table.GetPte(at.vpn);
    // The flags of the present entry are those that the migration entry had.
    table.SetPte(at.vpn, w.steps->site.device_private_entry(w, present, to));
  }
  return Errno::kOk;
}

Errno MakeDeviceExclusiveEntry(World& w, MmId mm, Vpn vpn) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(mm).table;
  const Word word = table.GetPte(vpn);
  if (arch.None(Form::kPte, word) || !arch.Present(Form::kPte, word)) return Errno::kEINVAL;
  if (!arch.Write(Form::kPte, word)) return Errno::kEBUSY;
  const Pfn pfn = arch.PfnOf(Form::kPte, word);
  if (!HoldsSinglePage(w, pfn)) return Errno::kEINVAL;
  NotifyInvalidate(w, mm, vpn, vpn + 1);
  if (arch.Dirty(Form::kPte, word)) w.frames[pfn].flags |= kPgDirty;
  table.SetPte(vpn, w.steps->site.device_exclusive_entry(w, word, pfn));
  FlushTlb(w, mm, vpn, vpn + 1);
  return Errno::kOk;
}

std::uint32_t RestoreDeviceExclusive(World& w, FaultFrame& f, const Vma& vma) {
  PageTable& table = w.mm(f.mm).table;
  if (table.GetPte(f.vpn) != f.orig) return kVmFaultOk;
  const Pfn pfn = SoftleafPfn(*w.arch, Form::kPte, f.orig);
  table.SetPte(f.vpn, w.steps->site.restored_exclusive(w, vma, f.orig, pfn));
  return kVmFaultOk;
}

// The driver's migrate_to_ram(): every entry of the page becomes a migration entry, then present.
std::uint32_t MigrateToRam(World& w, FaultFrame& f, const Vma&) {
  if (w.mm(f.mm).table.GetPte(f.vpn) != f.orig) return kVmFaultOk;
  const Pfn from = SoftleafPfn(*w.arch, Form::kPte, f.orig);
  Page& page = w.frames[from];
  const bool exclusive = page.Has(kPgAnonExclusive);
  ++page.refs;
  for (const Place& at : PlacesOf(w, from, &IsDevicePrivate)) {
    PageTable& table = w.mm(at.mm).table;
    table.SetPte(at.vpn,
                 w.steps->site.device_migration_entry(w, table.GetPte(at.vpn), from, exclusive));
    UnmapFrames(w, from, 1);
  }
  w.frames[from].flags &= ~static_cast<std::uint32_t>(kPgAnonExclusive);
  const Pfn to = w.frames.Alloc(0, w.frames[from].node);
  const bool moved = MoveFolio(w, from, to);
  UFFDSIM_CHECK(moved);
  RemoveMigrationEntries(w, from, to);
  w.frames[to].flags |= kPgLru;
  w.frames[from].refs = 0;
  MaybeFreeFolio(w, from);
  return kVmFaultOk;
}

}  // namespace uffdsim
