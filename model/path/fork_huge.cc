// fork(): huge leaves.
//
// Mirrors: copy_huge_pmd() of mm/huge_memory.c, copy_hugetlb_page_range() of mm/hugetlb.c.
// Marker:  as for PTEs: kept if the child's VMA is WP or RWP, else cleared together with the
// PROT_NONE
//          that it brought.
#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/fork.h"
#include "model/path/hugetlb.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

void CopyPmdSoftleaf(World& w, const ForkedVma& v, Vpn vpn, Word word) {
  const Arch& arch = *w.arch;
  if (IsDevicePrivate(Classify(arch, Form::kPmd, word))) {
    const Pfn pfn = SoftleafPfn(arch, Form::kPmd, word);
    TryShareAnon(w, pfn);
    MapFrames(w, pfn, w.frames.Count(pfn));
  }
  const Word readable = w.steps->site.forked_readable(w, Form::kPmd, word);
  w.mm(v.parent).table.SetPmd(vpn, readable);
  w.mm(v.child).table.SetPmd(vpn, w.steps->site.forked_softleaf(w, v, Form::kPmd, readable));
}

// A copy of a huge page for the child, from what the pool has beyond its promises.
bool CopyPinnedHugetlb(World& w, const ForkedVma& v, Vpn vpn, Word word) {
  HugePool& pool = w.huge_pool(v.dst->hstate);
  if (pool.free == 0 || pool.free == pool.reserved) return false;  // see AllocHuge()
  const Pfn source = w.arch->PfnOf(Form::kPte, word);
  --pool.free;
  const Pfn copy = w.frames.Alloc(w.frames[source].order, w.frames[source].node);
  Page& head = w.frames[copy];
  head.flags |= kPgHugetlb | kPgAnon | kPgAnonExclusive;
  head.index = v.dst->IndexOf(vpn);
  for (std::uint32_t i = 0; i < w.frames.Count(copy); ++i) {
    w.frames[copy + i].content = LookAtContent(w, source + i);
  }
  MapFrames(w, copy, w.frames.Count(copy));
  SetHugeEntry(w, v.child, *v.dst, vpn, w.steps->site.forked_hugetlb_pinned(w, v, copy, word));
  return true;
}

// One huge entry that is not none.
Errno CopyHugetlbEntry(World& w, const ForkedVma& v, Vpn vpn, Word word) {
  const Arch& arch = *w.arch;
  const auto store = [&](MmId mm, Word entry) { SetHugeEntry(w, mm, *v.src, vpn, entry); };
  const EntryKind kind = Classify(arch, Form::kPte, word);
  if (kind == EntryKind::kMarker) {
    store(v.child, w.steps->site.forked_marker(w, v, word));
    return Errno::kOk;
  }
  if (kind == EntryKind::kHwPoison) {
    store(v.child, word);
    return Errno::kOk;
  }
  if (kind != EntryKind::kPresent) {
    const Word readable =
        v.src->IsCow() ? w.steps->site.forked_readable(w, Form::kPte, word) : word;
    store(v.parent, readable);
    store(v.child, w.steps->site.forked_softleaf(w, v, Form::kPte, readable));
    return Errno::kOk;
  }
  const Pfn pfn = arch.PfnOf(Form::kPte, word);
  if (w.frames[pfn].Has(kPgAnon) && !TryShareAnon(w, pfn)) {
    return CopyPinnedHugetlb(w, v, vpn, word) ? Errno::kOk : Errno::kENOMEM;
  }
  MapFrames(w, pfn, w.frames.Count(pfn));
  if (v.src->IsCow()) store(v.parent, arch.WrProtect(Form::kPte, word));
  store(v.child, w.steps->site.forked_hugetlb(w, v, word));
  return Errno::kOk;
}

}  // namespace

Word ForkedReadable(const World& w, Form form, Word word) {
  const Arch& arch = *w.arch;
  const Pfn pfn = SoftleafPfn(arch, form, word);
  Word readable = word;
  bool soft_dirty = arch.SwpSoftDirty(form, word);
  switch (Classify(arch, form, word)) {
    case EntryKind::kMigrationWrite:
    case EntryKind::kMigrationReadExclusive:
      readable =
          MakeMigration(arch, form, MigrationAccess::kRead, pfn, MigrationAdOf(arch, form, word));
      break;
    case EntryKind::kDevicePrivateWrite:
      readable = MakeDevicePrivate(arch, form, false, pfn);
      // Lost at PTE level, as in the kernel.
      soft_dirty = soft_dirty && form == Form::kPmd;
      break;
    case EntryKind::kNone:
    case EntryKind::kPresent:
    case EntryKind::kSwap:
    case EntryKind::kMigrationRead:
    case EntryKind::kDevicePrivateRead:
    case EntryKind::kDeviceExclusive:
    case EntryKind::kHwPoison:
    case EntryKind::kMarker: return word;
  }
  if (soft_dirty) readable = arch.SwpMkSoftDirty(form, readable);
  if (arch.SwpUffd(form, word)) readable = arch.SwpMkUffd(form, readable);
  return readable;
}

Word ForkedHugetlbPinned(const World& w, const ForkedVma& v, Pfn copy, Word word) {
  const Word made = MakeHugeEntry(w, *v.dst, copy, HugeWrite::kIfAllowed);
  const bool marked = w.steps->site.fork_keeps_marks(v) && w.arch->Uffd(Form::kPte, word);
  return w.steps->site.restore_uffd(w, *v.dst, Form::kPte, made, marked);
}

Word ForkedHugetlb(const World& w, const ForkedVma& v, Word word) {
  const Arch& arch = *w.arch;
  if (!w.steps->site.fork_keeps_marks(v)) {
    word = w.steps->site.forked_without_mark(w, v, Form::kPte, word);
  }
  // Unlike PTEs, the child's entry stays young and dirty.
  return v.src->IsCow() ? arch.WrProtect(Form::kPte, word) : word;
}

PmdCopy CopyPmd(World& w, const ForkedVma& v, Vpn vpn) {
  const Arch& arch = *w.arch;
  // A page-cache PMD is filled again by a fault.
  if (!v.dst->Anonymous()) return PmdCopy::kDone;
  PageTable& table = w.mm(v.parent).table;
  const Word word = table.GetPmd(vpn);
  if (!arch.Present(Form::kPmd, word)) {
    CopyPmdSoftleaf(w, v, vpn, word);
    return PmdCopy::kDone;
  }
  const Pfn pfn = arch.PfnOf(Form::kPmd, word);
  if (!w.frames[pfn].Has(kPgZero)) {
    if (!TryShareAnon(w, pfn)) {
      SplitPmd(w, v.parent, *v.src, vpn);
      return PmdCopy::kSplit;
    }
    MapFrames(w, pfn, static_cast<std::uint32_t>(table.PmdPages()));
  }
  table.SetPmd(vpn, arch.WrProtect(Form::kPmd, word));
  w.mm(v.child).table.SetPmd(
      vpn, arch.WrProtect(Form::kPmd, w.steps->site.forked_present(w, v, Form::kPmd, word)));
  return PmdCopy::kDone;
}

Errno CopyHugetlbRange(World& w, const ForkedVma& v) {
  const Arch& arch = *w.arch;
  for (Vpn vpn = v.src->start; vpn < v.src->end; vpn = vpn + HugePages(w, *v.src)) {
    if (!HasHugeTable(w, v.parent, *v.src, vpn)) continue;
    if (!AllocHugeTable(w, v.child, *v.dst, vpn)) return Errno::kENOMEM;
    const Word word = HugeEntry(w, v.parent, *v.src, vpn);
    if (arch.None(Form::kPte, word)) continue;
    const Errno error = CopyHugetlbEntry(w, v, vpn, word);
    if (error != Errno::kOk) return error;
  }
  return Errno::kOk;
}

}  // namespace uffdsim
