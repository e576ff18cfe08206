#include "model/path/zap.h"

#include <algorithm>

#include "model/mm/entry.h"
#include "model/path/huge.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

struct ZapContext {
  MmId mm;
  const Vma* vma;
  ZapMarkers markers;
  ZapCowed cowed;
};

// Whether the caller wants this page to stay: unmap_mapping_range() without even_cows spares
// anonymous copies.
bool Spared(const World& w, const ZapContext& z, Pfn pfn) {
  return z.cowed == ZapCowed::kSkip && w.frames.Head(pfn).Has(kPgAnon);
}

void ZapPresent(World& w, const ZapContext& z, Vpn vpn, Word word) {
  const Arch& arch = *w.arch;
  const Pfn pfn = arch.PfnOf(Form::kPte, word);
  if (Spared(w, z, pfn)) return;
  const bool marker =
      w.steps->site.zap_leaves_marker(*z.vma, z.markers, arch.Uffd(Form::kPte, word));
  Page& folio = w.frames.Head(pfn);
  if (!folio.Has(kPgAnon) && !folio.Has(kPgZero) && arch.Dirty(Form::kPte, word)) {
    folio.MarkDirty();
  }
  w.mm(z.mm).table.SetPte(vpn,
                          marker ? MakeMarker(arch, kMarkerUffdWp) : arch.NoneWord(Form::kPte));
  UnmapFrames(w, pfn, 1);
}

void ZapNonpresent(World& w, const ZapContext& z, Vpn vpn, Word word) {
  const Arch& arch = *w.arch;
  const EntryKind kind = Classify(arch, Form::kPte, word);
  const bool drop = z.markers == ZapMarkers::kDrop;
  bool marker = false;
  switch (kind) {
    case EntryKind::kSwap:
      if (w.steps->site.zap_spares_swap(w, *z.vma, vpn, z.cowed)) return;
      marker = w.steps->site.zap_leaves_marker(*z.vma, z.markers, arch.SwpUffd(Form::kPte, word));
      ReleaseSwapEntry(w, SwapSlotOf(arch, word));
      break;
    case EntryKind::kMigrationRead:
    case EntryKind::kMigrationReadExclusive:
    case EntryKind::kMigrationWrite:
    case EntryKind::kDevicePrivateRead:
    case EntryKind::kDevicePrivateWrite:
    case EntryKind::kDeviceExclusive: {
      const Pfn pfn = SoftleafPfn(arch, Form::kPte, word);
      if (Spared(w, z, pfn)) return;
      marker = w.steps->site.zap_leaves_marker(*z.vma, z.markers, arch.SwpUffd(Form::kPte, word));
      // A migration entry holds no map count; device entries do.
      if (!IsMigration(kind)) UnmapFrames(w, pfn, 1);
      break;
    }
    case EntryKind::kMarker: {
      const std::uint64_t bits = MarkerOf(arch, word);
      if ((bits & kMarkerGuard) != 0 && !drop) return;
      // RWP's promise ends with the page, even where an empty place can carry it.
      if ((bits & kMarkerUffdWp) != 0 && !drop && !z.vma->Anonymous() &&
          !w.steps->site.keeps_rwp_markers(w, *z.vma)) {
        return;
      }
      if ((bits & kMarkerPoisoned) != 0 && z.cowed == ZapCowed::kSkip) return;
      break;
    }
    case EntryKind::kHwPoison:
      if (z.cowed == ZapCowed::kSkip) return;
      break;
    case EntryKind::kNone:
    case EntryKind::kPresent: return;
  }
  w.mm(z.mm).table.SetPte(vpn,
                          marker ? MakeMarker(arch, kMarkerUffdWp) : arch.NoneWord(Form::kPte));
}

void ZapPteTable(World& w, const ZapContext& z, Vpn first, Vpn last) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(z.mm).table;
  for (Vpn vpn = first; vpn < last; ++vpn) {
    const Word word = table.GetPte(vpn);
    if (arch.None(Form::kPte, word)) continue;
    if (arch.Present(Form::kPte, word)) {
      ZapPresent(w, z, vpn, word);
    } else {
      ZapNonpresent(w, z, vpn, word);
    }
  }
}

// zap_pte_table_if_empty(), where the kernel has CONFIG_PT_RECLAIM.
void ReclaimTable(World& w, MmId mm, Vpn first) {
  PageTable& table = w.mm(mm).table;
  PageTable::LeafView view{};
  if (!w.arch->layout().reclaims_tables || !table.FindLeafView(first, &view)) return;
  if (view.words == nullptr) table.DropPteTable(first);
}

}  // namespace

bool ZapLeavesMarker(const Vma& vma, ZapMarkers markers, bool marked) {
  return marked && markers == ZapMarkers::kKeep && vma.UffdWp() && !vma.Anonymous();
}

bool ZapSparesSwap(const World&, const Vma&, Vpn, ZapCowed cowed) {
  return cowed == ZapCowed::kSkip;
}

void ReleaseSwapEntry(World& w, SwapSlot slot) {
  const Pfn cached = w.swap[slot].cache;
  w.swap.Put(slot);
  if (cached != Pfn(0)) MaybeFreeFolio(w, cached);
}

void ZapRange(World& w, MmId mm, const Vma& vma, Vpn first, Vpn last, ZapMarkers markers,
              Cause cause, ZapCowed cowed, ZapTables tables) {
  NotifyInvalidate(w, mm, first, last);
  if (vma.Hugetlb()) {
    HugetlbZapRange(w, mm, vma, first, last, markers);
  } else {
    const ZapContext z{.mm = mm, .vma = &vma, .markers = markers, .cowed = cowed};
    PageTable& table = w.mm(mm).table;
    for (Vpn vpn = table.NextMapped(first, last); vpn < last; vpn = table.NextMapped(vpn, last)) {
      const Vpn next = std::min(Vpn((vpn.value | (table.PmdPages() - 1)) + 1), last);
      if (w.arch->None(Form::kPmd, table.GetPmd(vpn)) ||
          ZapPmd(w, mm, vma, vpn, next, cowed) == PmdZap::kSplit) {
        if (table.HasPteTable(vpn)) ZapPteTable(w, z, vpn, next);
        if (tables == ZapTables::kReclaim && next - vpn == table.PmdPages()) {
          ReclaimTable(w, mm, vpn);
        }
      }
      vpn = next;
    }
  }
  w.steps->site.flush_zapped(w, mm, first, last);
  if (cowed == ZapCowed::kZap) return EmitLoss(w, mm, first, last, cause);
  // Pages that the mapping has for itself stayed.
  const PageTable& table = w.mm(mm).table;
  for (Vpn vpn = first; w.listener != nullptr && vpn < last; ++vpn) {
    if (!w.arch->None(Form::kPmd, table.GetPmd(vpn))) continue;
    const Word word = table.GetPte(vpn);
    const bool empty = w.arch->None(Form::kPte, word) || IsUffdWpMarker(*w.arch, word);
    if (empty) EmitLoss(w, mm, vpn, vpn + 1, cause);
  }
}

void UnmapFileRange(World& w, FileId file, std::uint64_t first, std::uint64_t last,
                    ZapMarkers markers, ZapCowed cowed, Cause cause) {
  for (const FileMapping& mapping : FileMappingsOf(w, file, first, last)) {
    const Vma vma = *w.mm(mapping.mm).vmas.Find(mapping.first);
    ZapRange(w, mapping.mm, vma, mapping.first, mapping.last, markers, cause, cowed);
  }
}

void UnmapRegion(World& w, MmId id, Vpn first, Vpn last) {
  Mm& mm = w.mm(id);
  SplitVma(w, id, first);
  SplitVma(w, id, last);
  std::vector<Vma> gone;
  for (const Vma& vma : mm.vmas.list()) {
    if (vma.start >= first && vma.end <= last) gone.push_back(vma);
  }
  for (const Vma& vma : gone) {
    ZapRange(w, id, vma, vma.start, vma.end, ZapMarkers::kDrop, Cause::kUnmap);
    HugetlbVmaClose(w, vma);
  }
  mm.vmas.Erase(first, last);
  // Tables go where the hole between the neighbouring VMAs covers them (free_pgtables()).
  const std::size_t after = mm.vmas.LowerBound(first);
  const auto& list = mm.vmas.list();
  const Vpn floor = after == 0 ? Vpn(0) : list[after - 1].end;
  const Vpn ceiling = after == list.size() ? Vpn(~0ULL >> 12) : list[after].start;
  mm.table.FreeEmptyTables(floor, ceiling);
  for (const Vma& vma : gone) {
    if (vma.file != FileId(0)) PutFile(w, vma.file);
  }
}

void PutFile(World& w, FileId id) {
  if (w.file(id).memfd) return;
  for (const Mm& mm : w.mms) {
    for (const Vma& vma : mm.vmas.list()) {
      if (vma.file == id) return;
    }
  }
  TruncateFile(w, id, 0);
}

namespace {

// Drops page-cache pages and swap slots of [first, last) after they were unmapped.
void DropCache(World& w, FileId id, std::uint64_t first, std::uint64_t last) {
  EmitFileChange(w, id, first, last);
  File& file = w.file(id);
  if (first < last) {
    ShmemReadPartial(w, id, first, first, last);
    ShmemReadPartial(w, id, last - 1, first, last);
  }
  file.cache.ForEach(first, last, [&](std::size_t index, CacheSlot slot) {
    if (slot.is_swap()) {
      // A large entry that reaches out of the range is not divisible: it stays.
      const std::uint64_t begin = index & ~((1ULL << slot.order()) - 1);
      if (begin < first || begin + (1ULL << slot.order()) > last) return;
      file.cache.Set(index, CacheSlot{});
      ReleaseSwapEntry(w, slot.swap());
      return;
    }
    const Pfn pfn = slot.pfn();
    if (w.frames[pfn].order != 0) {
      DropLargeCachePage(w, id, pfn, first, last);
      return;
    }
    file.cache.Set(index, CacheSlot{});
    w.frames[pfn].file = FileId(0);
    MaybeFreeFolio(w, pfn);
  });
}

}  // namespace

void PunchFile(World& w, FileId id, std::uint64_t first, std::uint64_t last) {
  if (w.file(id).kind == FileKind::kHugetlb) {
    HugetlbPunch(w, id, first, last, ZapMarkers::kKeep);
    return;
  }
  UnmapFileRange(w, id, first, last, ZapMarkers::kKeep, ZapCowed::kSkip, Cause::kZap);
  DropCache(w, id, first, last);
}

void TruncateFile(World& w, FileId id, std::uint64_t new_size) {
  File& file = w.file(id);
  const std::uint64_t old_size = file.size;
  file.size = new_size;
  if (new_size >= old_size) return;
  if (file.kind == FileKind::kHugetlb) {
    HugetlbPunch(w, id, new_size, old_size, ZapMarkers::kDrop);
    return;
  }
  // truncate_pagecache(): even private copies beyond the end go, before and after. A huge folio may
  // reach beyond the old end.
  const std::uint64_t end = (old_size | (w.arch->geometry().PmdPages() - 1)) + 1;
  UnmapFileRange(w, id, new_size, end, ZapMarkers::kKeep, ZapCowed::kZap, Cause::kZap);
  DropCache(w, id, new_size, end);
}

}  // namespace uffdsim
