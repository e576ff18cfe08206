#include "model/path/device.h"

#include <vector>

#include "model/mm/entry.h"
#include "model/path/device_fault.h"
#include "model/path/migrate.h"
#include "model/path/prot.h"
#include "model/path/range.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/swap_out.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

struct Place {
  MmId mm{};
  Vpn vpn{};
  Form form = Form::kPte;
};

Word Load(const World& w, const Place& at) {
  const PageTable& table = w.mm(at.mm).table;
  return at.form == Form::kPte ? table.GetPte(at.vpn) : table.GetPmd(at.vpn);
}

void Store(World& w, const Place& at, Word word) {
  PageTable& table = w.mm(at.mm).table;
  if (at.form == Form::kPte) {
    table.SetPte(at.vpn, word);
  } else {
    table.SetPmd(at.vpn, word);
  }
}

std::uint32_t PagesOf(const World& w, const Place& at) {
  return at.form == Form::kPte ? 1 : static_cast<std::uint32_t>(w.arch->geometry().PmdPages());
}

// Where device-private entries (or, between the stages, migration entries) name the folio.
template <class Wanted>
std::vector<Place> PlacesOf(const World& w, Pfn head, Wanted wanted) {
  const Arch& arch = *w.arch;
  std::vector<Place> found;
  for (std::size_t m = 0; m < w.mms.size(); ++m) {
    if (!w.mms[m].alive) continue;
    const PageTable& table = w.mms[m].table;
    for (const Vma& vma : w.mms[m].vmas.list()) {
      if (vma.Hugetlb()) continue;
      Place at{.mm = MmId(static_cast<std::uint16_t>(m))};
      for (at.vpn = table.NextMapped(vma.start, vma.end); at.vpn < vma.end;
           at.vpn = table.NextMapped(at.vpn + PagesOf(w, at), vma.end)) {
        at.form = arch.None(Form::kPmd, table.GetPmd(at.vpn)) ? Form::kPte : Form::kPmd;
        const Word word = Load(w, at);
        if (!wanted(Classify(arch, at.form, word))) continue;
        if (w.frames.HeadOf(SoftleafPfn(arch, at.form, word)) == head) found.push_back(at);
      }
    }
  }
  return found;
}

bool Movable(const World& w, Pfn head) {
  const Page& folio = w.frames[head];
  return folio.Has(kPgAnon) && !folio.Has(kPgZero) && !folio.Has(kPgKsm);
}

// migrate_vma_insert_page(): a device page where there was none. MISSING must see the first touch.
Errno FillHole(World& w, MmId mm, Vma& vma, Vpn vpn) {
  if (!vma.Anonymous() || vma.UffdMissing()) return Errno::kEINVAL;
  PageTable& table = w.mm(mm).table;
  if (!w.arch->None(Form::kPmd, table.GetPmd(vpn))) SplitPmd(w, mm, vma, vpn);
  PrepareAnonVma(w, mm, vma);
  table.EnsurePteTable(vpn);
  const Pfn pfn = NewAnonPage(w, vma, vpn, Content{});
  w.frames[pfn].flags &= ~static_cast<std::uint32_t>(kPgLru);
  MapFrames(w, pfn, 1);
  NotifyInvalidate(w, mm, vpn, vpn + 1);
  const Word old_word = table.GetPte(vpn);
  const bool keeps = w.arch->Present(Form::kPte, old_word) && w.arch->Uffd(Form::kPte, old_word) &&
                     w.steps->site.device_fill_keeps_mark(w, vma);
  const bool writable = vma.Has(kVmWrite) && !keeps;
  Word word = MakeDevicePrivate(*w.arch, Form::kPte, writable, pfn);
  // As every new anonymous page: the device and, once it is back, the processor write unseen.
  if (w.steps->site.device_fill_is_soft_dirty(w, vma)) {
    word = w.arch->SwpMkSoftDirty(Form::kPte, word);
  }
  table.SetPte(vpn, keeps ? w.arch->SwpMkUffd(Form::kPte, word) : word);
  w.steps->site.flush_device_private(w, mm, vpn, vpn + 1);
  if (!keeps) EmitLoss(w, mm, vpn, vpn + 1, Cause::kMigrateHole);
  return Errno::kOk;
}

// migrate_vma_split_folio() of device memory: its entries name single pages already.
void SplitDeviceFolio(World& w, Pfn head) {
  for (const Place& at : PlacesOf(w, head, &IsDevicePrivate)) {
    if (at.form == Form::kPte) continue;
    const Vma vma = *w.mm(at.mm).vmas.Find(at.vpn);
    SplitPmd(w, at.mm, vma, at.vpn);
  }
  w.frames.SplitTo(head, 0);
}

EntryKind KindAt(const World& w, MmId mm, Vpn vpn) {
  const RangePage page = PageAt(w, mm, vpn);
  return Classify(*w.arch, page.form, page.word);
}

// A huge page that reaches out of the range goes page by page.
void SplitIfPartial(World& w, MmId mm, const NamedPages& range, Vpn vpn) {
  const RangePage page = PageAt(w, mm, vpn);
  const Pfn pfn = FrameAt(w, page);
  if (page.level == 0 || pfn == Pfn(0) || page.vma->Hugetlb()) return;
  const Vpn first = PmdStart(w, vpn);
  if (first >= range.first && first + w.arch->geometry().PmdPages() <= range.last) return;
  SplitFolio(w, w.frames.HeadOf(pfn));
}

}  // namespace

Word DeviceMigrationEntry(const World& w, Form form, Word entry, bool exclusive) {
  const Arch& arch = *w.arch;
  MigrationAccess access = MigrationAccess::kRead;
  if (Classify(arch, form, entry) == EntryKind::kDevicePrivateWrite) {
    access = MigrationAccess::kWrite;
  } else if (exclusive) {
    access = MigrationAccess::kReadExclusive;
  }
  Word word = MakeMigration(arch, form, access, SoftleafPfn(arch, form, entry), {});
  if (arch.SwpSoftDirty(form, entry)) word = arch.SwpMkSoftDirty(form, word);
  if (arch.SwpUffd(form, entry)) word = arch.SwpMkUffd(form, word);
  return word;
}

Word DeviceExclusiveEntry(const World& w, Word present, Pfn pfn) {
  const Arch& arch = *w.arch;
  const Word word = MakeDeviceExclusive(arch, pfn);
  return arch.SoftDirty(Form::kPte, present) ? arch.SwpMkSoftDirty(Form::kPte, word) : word;
}

Word DevicePrivateEntry(const World& w, Form form, Word present) {
  const Arch& arch = *w.arch;
  Word word = MakeDevicePrivate(arch, form, arch.Write(form, present), arch.PfnOf(form, present));
  if (arch.SoftDirty(form, present)) word = arch.SwpMkSoftDirty(form, word);
  if (arch.Uffd(form, present)) word = arch.SwpMkUffd(form, word);
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
  Vma* vma = w.mm(mm).vmas.Find(vpn);
  if (vma == nullptr || vma->Hugetlb()) return Errno::kEINVAL;
  const RangePage page = PageAt(w, mm, vpn);
  if (arch.None(page.form, page.word)) return FillHole(w, mm, *vma, vpn);
  const Pfn pfn = FrameAt(w, page);
  if (pfn == Pfn(0)) return Errno::kEINVAL;
  if (w.frames[pfn].Has(kPgZero)) return FillHole(w, mm, *vma, vpn);
  const Pfn from = w.frames.HeadOf(pfn);
  if (!Movable(w, from)) return Errno::kEINVAL;
  const std::uint8_t order = w.frames[from].order;
  if (order != 0 && page.level == 0)
    return SplitFolio(w, from) ? MigrateToDevice(w, mm, vpn) : Errno::kEBUSY;
  if (!IsolateFolio(w, from)) return Errno::kEBUSY;
  const Pfn to = w.frames.Alloc(order, w.frames[from].node);
  const bool moved = InstallMigrationEntries(w, from) && MoveFolio(w, from, to);
  const std::vector<Place> places = PlacesOf(w, from, &IsMigration);
  RemoveMigrationEntries(w, from, moved ? to : from);
  PutbackFolio(w, from);
  if (!moved) {
    w.frames.Free(to);
    return Errno::kEBUSY;
  }
  // The entries come back as device-private ones, with the flags that they had.
  for (const Place& at : places) {
    Store(w, at, w.steps->site.device_private_entry(w, at.form, Load(w, at)));
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
  if (!Movable(w, w.frames.HeadOf(pfn))) return Errno::kEOPNOTSUPP;
  NotifyInvalidate(w, mm, vpn, vpn + 1);
  if (arch.Dirty(Form::kPte, word)) w.frames.Head(pfn).flags |= kPgDirty;
  table.SetPte(vpn, w.steps->site.device_exclusive_entry(w, word, pfn));
  w.steps->site.flush_device_exclusive(w, mm, vpn, vpn + 1);
  return Errno::kOk;
}

std::uint32_t RestoreDeviceExclusive(World& w, FaultFrame& f, const Vma& vma) {
  PageTable& table = w.mm(f.mm).table;
  if (table.GetPte(f.vpn) != f.orig) return kVmFaultOk;
  const Pfn pfn = SoftleafPfn(*w.arch, Form::kPte, f.orig);
  table.SetPte(f.vpn, w.steps->site.restored_exclusive(w, vma, f.orig, pfn));
  return kVmFaultOk;
}

// The driver's migrate_to_ram(): every entry of the folio becomes a migration entry, then present.
std::uint32_t MigrateToRam(World& w, FaultFrame& f, const Vma&) {
  const Form form = f.level == 0 ? Form::kPte : Form::kPmd;
  if (Load(w, {.mm = f.mm, .vpn = f.vpn, .form = form}) != f.orig) return kVmFaultOk;
  Pfn from = SoftleafPfn(*w.arch, form, f.orig);
  if (form == Form::kPte && w.frames[from].order != 0) SplitDeviceFolio(w, w.frames.HeadOf(from));
  from = w.frames.HeadOf(from);
  const bool exclusive = w.frames[from].Has(kPgAnonExclusive);
  ++w.frames[from].refs;
  for (const Place& at : PlacesOf(w, from, &IsDevicePrivate)) {
    const Word word = Load(w, at);
    Store(w, at, w.steps->site.device_migration_entry(w, at.form, word, exclusive));
    UnmapFrames(w, SoftleafPfn(*w.arch, at.form, word), PagesOf(w, at));
  }
  for (std::uint32_t i = 0; i < w.frames.Count(from); ++i) {
    w.frames[from + i].flags &= ~static_cast<std::uint32_t>(kPgAnonExclusive);
  }
  const Pfn to = w.frames.Alloc(w.frames[from].order, w.frames[from].node);
  const bool moved = MoveFolio(w, from, to);
  UFFDSIM_CHECK(moved);
  RemoveMigrationEntries(w, from, to);
  w.frames[to].flags |= kPgLru;
  w.frames[from].refs = 0;
  MaybeFreeFolio(w, from);
  return kVmFaultOk;
}

void Start_device_private(World& w, Task& t) {
  const NamedPages range = RangeOf(w, t.op);
  for (Vpn vpn = range.first; vpn < range.last; ++vpn) {
    SplitIfPartial(w, t.mm, range, vpn);
    MigrateToDevice(w, t.mm, vpn);
  }
  std::int64_t pages = 0;
  for (Vpn vpn = range.first; vpn < range.last; ++vpn) {
    if (IsDevicePrivate(KindAt(w, t.mm, vpn))) ++pages;
  }
  Succeed(t, pages);
}

void Start_device_restore(World& w, Task& t) {
  const NamedPages range = RangeOf(w, t.op);
  std::int64_t pages = 0;
  for (Vpn vpn = range.first; vpn < range.last; ++vpn) {
    const RangePage page = PageAt(w, t.mm, vpn);
    const EntryKind kind = Classify(*w.arch, page.form, page.word);
    FaultFrame f;
    f.mm = t.mm;
    f.vpn = page.level == 0 ? vpn : PmdStart(w, vpn);
    f.level = static_cast<std::int8_t>(page.level);
    f.orig = page.word;
    if (IsDevicePrivate(kind)) {
      MigrateToRam(w, f, *page.vma);
    } else if (kind == EntryKind::kDeviceExclusive) {
      RestoreDeviceExclusive(w, f, *page.vma);
    } else {
      continue;
    }
    pages += page.level == 0 ? 1 : static_cast<std::int64_t>(w.arch->geometry().PmdPages());
  }
  Succeed(t, pages);
}

}  // namespace uffdsim
