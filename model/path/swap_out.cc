#include "model/path/swap_out.h"

#include <algorithm>

#include "model/mm/entry.h"
#include "model/op/event.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

// One entry on its way out, as try_to_unmap_one() sees it.
struct Unmapping {
  const Vma* vma;
  Mapping at;
  Word word;
  Page* folio;
  Ttu ttu;
};

// ttu_anon_lazyfree_folio(): a clean page that MADV_FREE marked just goes.
bool UnmapLazyfree(World& w, const Unmapping& u, PageTable& table) {
  if (u.folio->Has(kPgDirty)) {
    u.folio->flags |= kPgSwapBacked;
    return false;
  }
  // Beside the mappings only the isolation may hold it: a pin could still write.
  if (u.folio->refs > 1 || FolioPinned(w, u.at.pfn)) return false;
  table.SetPte(u.at.vpn, w.arch->NoneWord(Form::kPte));
  EmitLoss(w, u.at.mm, u.at.vpn, u.at.vpn + 1, Cause::kLazyfree);
  return true;
}

// ttu_anon_swapbacked_folio().
bool UnmapToSwap(World& w, const Unmapping& u, PageTable& table) {
  if (!u.folio->Has(kPgSwapCache)) return false;
  Page& page = w.frames[u.at.pfn];
  const bool exclusive = page.Has(kPgAnonExclusive);
  if (exclusive && FolioPinned(w, u.at.pfn)) return false;
  const SwapSlot slot =
      u.folio->swap_slot + static_cast<std::uint32_t>(u.at.pfn - w.frames.HeadOf(u.at.pfn));
  // swap_duplicate() may need memory; the entry then stays as it was.
  if (w.Chooses(ChoicePoint::k_fail_unmap)) return false;
  page.flags &= ~static_cast<std::uint32_t>(kPgAnonExclusive);
  w.swap.Duplicate(slot);
  table.SetPte(u.at.vpn, w.steps->site.swap_entry(w, slot, u.word, exclusive));
  return true;
}

bool UnmapOne(World& w, const Unmapping& u) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(u.at.mm).table;
  if (arch.Dirty(Form::kPte, u.word)) u.folio->flags |= kPgDirty;
  if (u.ttu == Ttu::kHwPoison && w.frames[u.at.pfn].Has(kPgHwPoison) &&
      !u.folio->Has(kPgSwapCache)) {
    table.SetPte(u.at.vpn, MakeHwPoison(arch, u.at.pfn));
    EmitLoss(w, u.at.mm, u.at.vpn, u.at.vpn + 1, Cause::kHwPoison);
    return true;
  }
  if (!u.folio->Has(kPgAnon)) {
    table.SetPte(u.at.vpn, w.steps->site.file_unmapped(w, *u.vma, u.word));
    EmitLoss(w, u.at.mm, u.at.vpn, u.at.vpn + 1, Cause::kFileReclaim);
    return true;
  }
  return u.folio->Has(kPgSwapBacked) ? UnmapToSwap(w, u, table) : UnmapLazyfree(w, u, table);
}

// TTU_SPLIT_HUGE_PMD: reclaim works on PTEs.
void SplitMappingsOf(World& w, Pfn head) {
  for (const Mapping& m : MappingsOf(w, head)) {
    if (m.level == 0) continue;
    const Vma vma = *w.mm(m.mm).vmas.Find(m.vpn);
    if (!vma.Hugetlb()) SplitPmd(w, m.mm, vma, m.vpn);
  }
}

void LeaveSwapCache(World& w, Pfn head) {
  Page& folio = w.frames[head];
  if (!folio.Has(kPgSwapCache)) return;
  const SwapSlot slot = folio.swap_slot;
  folio.flags &= ~static_cast<std::uint32_t>(kPgSwapCache);
  for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) w.swap.DetachCache(slot + i);
}

void WriteToSlots(World& w, Pfn head) {
  Page& folio = w.frames[head];
  for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) {
    SwapDevice::Slot& slot = w.swap[folio.swap_slot + i];
    slot.content = LookAtContent(w, head + i);
    slot.written = true;
  }
  folio.flags &= ~static_cast<std::uint32_t>(kPgDirty);
}

// A large folio that crosses the end of the file is written page by page.
bool CrossesEnd(const World& w, const Page& folio, std::uint32_t count) {
  const std::uint64_t size = w.files[folio.file.value].size;
  return size > folio.index && size < folio.index + count;
}

// shmem_writeout() of a folio that need not be split.
bool ShmemWriteOut(World& w, Pfn head) {
  if (!AddToSwap(w, head)) {
    w.frames[head].flags |= kPgDirty;
    return false;
  }
  Page& folio = w.frames[head];
  File& file = w.file(folio.file);
  for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) {
    const SwapSlot slot = folio.swap_slot + i;
    w.swap.Duplicate(slot);
    file.cache.Set(folio.index + i, CacheSlot::Swapped(slot, folio.order));
    w.frames[head + i].file = FileId(0);
  }
  WriteToSlots(w, head);
  return true;
}

}  // namespace

Word SwapEntryFor(const World& w, SwapSlot slot, Word present, bool exclusive) {
  const Arch& arch = *w.arch;
  Word word = MakeSwap(arch, slot);
  if (exclusive) word = arch.SwpMkExclusive(word);
  if (arch.SoftDirty(Form::kPte, present)) word = arch.SwpMkSoftDirty(Form::kPte, word);
  if (arch.Uffd(Form::kPte, present)) word = arch.SwpMkUffd(Form::kPte, word);
  return word;
}

Word UnmapBatchWord(const World&, Word, Word own) { return own; }

Word FileUnmapWord(const World& w, const Vma& vma, Word present) {
  const bool keeps =
      (!vma.Anonymous() && UseMarkers(w, vma)) || w.steps->site.keeps_rwp_markers(w, vma);
  const bool marker = keeps && w.arch->Uffd(Form::kPte, present);
  return marker ? MakeMarker(*w.arch, kMarkerUffdWp) : w.arch->NoneWord(Form::kPte);
}

bool IsolateFolio(World& w, Pfn head) {
  Page& folio = w.frames[head];
  if (!folio.Has(kPgLru)) return false;
  folio.flags &= ~static_cast<std::uint32_t>(kPgLru);
  ++folio.refs;
  return true;
}

void PutbackFolio(World& w, Pfn head) {
  Page& folio = w.frames[head];
  folio.flags |= kPgLru;
  --folio.refs;
  MaybeFreeFolio(w, head);
}

bool FolioMappedShared(const World& w, Pfn pfn) {
  const Pfn head = w.frames.HeadOf(pfn);
  const std::uint32_t count = w.frames.Count(pfn);
  if (count == 1 || w.frames[head].Has(kPgHugetlb)) return w.frames[head].mapcount > 1;
  // A large folio remembers which processes map it (CONFIG_MM_ID), not how often each does.
  const std::vector<Mapping> mappings = MappingsOf(w, head);
  return std::any_of(mappings.begin(), mappings.end(),
                     [&](const Mapping& m) { return m.mm != mappings.front().mm; });
}

bool AddToSwap(World& w, Pfn head) {
  const std::uint32_t count = w.frames.Count(head);
  const SwapSlot slot = w.swap.Alloc(count);
  if (slot == SwapSlot(0)) return false;
  Page& folio = w.frames[head];
  folio.flags |= kPgSwapCache | kPgDirty;
  folio.swap_slot = slot;
  for (std::uint32_t i = 0; i < count; ++i) w.swap[slot + i].cache = head + i;
  return true;
}

bool TryToUnmap(World& w, Pfn head, Ttu ttu) {
  SplitMappingsOf(w, head);
  bool all = true;
  const std::vector<Mapping> mappings = MappingsOf(w, head);
  const Word first = mappings.empty() ? 0 : w.mm(mappings[0].mm).table.GetPte(mappings[0].vpn);
  for (const Mapping& m : mappings) {
    const Vma* vma = w.mm(m.mm).vmas.Find(m.vpn);
    if (vma->Has(kVmLocked) && ttu == Ttu::kReclaim) {
      all = false;
      continue;
    }
    const Word own = w.mm(m.mm).table.GetPte(m.vpn);
    const Word word = w.steps->site.unmap_batch_word(w, first, own);
    NotifyInvalidate(w, m.mm, m.vpn, m.vpn + 1);
    if (!UnmapOne(w, {.vma = vma, .at = m, .word = word, .folio = &w.frames[head], .ttu = ttu})) {
      all = false;
      continue;
    }
    w.steps->site.flush_unmapped(w, m.mm, m.vpn, m.vpn + 1);
    UnmapFrames(w, m.pfn, 1);
  }
  return all;
}

bool WriteOut(World& w, Pfn head) {
  const Page& folio = w.frames[head];
  if (folio.refs > 1 || FolioPinned(w, head)) return false;
  if (folio.Has(kPgAnon) || folio.file == FileId(0)) {
    WriteToSlots(w, head);
    return true;
  }
  const std::uint32_t count = w.frames.Count(head);
  if (count > 1 && CrossesEnd(w, folio, count) && SplitFolio(w, head)) {
    for (std::uint32_t i = 1; i < count; ++i) {
      if (w.frames[head + i].file == FileId(0)) continue;  // beyond the end: gone by the split
      if (!ShmemWriteOut(w, head + i) || !RemoveMapping(w, head + i)) {
        w.frames[head + i].flags |= kPgLru;
      }
    }
  }
  return ShmemWriteOut(w, head);
}

bool RemoveMapping(World& w, Pfn head) {
  Page& folio = w.frames[head];
  const std::uint32_t count = w.frames.Count(head);
  if (folio.refs > 1 || FolioPinned(w, head) || FolioMapcount(w, head) != 0 ||
      folio.Has(kPgDirty)) {
    return false;
  }
  if (folio.Has(kPgSwapCache)) {
    LeaveSwapCache(w, head);
  } else if (folio.file != FileId(0) && !folio.Has(kPgAnon)) {
    // Never written: a hole of the file again.
    for (std::uint32_t i = 0; i < count; ++i) {
      w.file(folio.file).cache.Set(folio.index + i, CacheSlot{});
    }
    for (std::uint32_t i = 0; i < count; ++i) w.frames[head + i].file = FileId(0);
  }
  folio.refs = 0;
  MaybeFreeFolio(w, head);
  return true;
}

void FreeSwapIfUnused(World& w, Pfn head) {
  Page& folio = w.frames[head];
  if (!folio.Has(kPgSwapCache)) return;
  for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) {
    if (w.swap[folio.swap_slot + i].count != 0) return;
  }
  LeaveSwapCache(w, head);
  folio.flags |= kPgDirty;
  MaybeFreeFolio(w, head);
}

}  // namespace uffdsim
