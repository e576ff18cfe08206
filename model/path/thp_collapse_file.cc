// Collapse of shmem: a huge folio in the page cache, then a PMD in the mapping that asked.
//
// Mirrors: collapse_scan_file(), collapse_file(), retract_page_tables(),
//          try_collapse_pte_mapped_thp() of mm/khugepaged.c.
// Marker:  every mapping of the old pages is erased, whoever asked: an RWP VMA's marks are lost, a
//          WP VMA's become uffd-wp markers. WP and RWP VMAs keep their tables and get no PMD. Holes
//          are not filled while a VMA with MISSING maps them; by then the entries are gone already.
#include <vector>

#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/swap_out.h"
#include "model/path/thp.h"
#include "model/path/thp_collapse.h"

namespace uffdsim {
namespace {

// The file range that becomes one folio.
struct Extent {
  FileId file{};
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

// The loop of collapse_scan_file() over the page cache.
ScanResult ScanCache(World& w, const Extent& extent, const CollapseLimits& limits, NodeLoad* load) {
  ScanResult result = ScanResult::kSucceed;
  Pfn counted{};
  std::uint64_t present = 0;
  std::uint64_t swapped = 0;
  w.file(extent.file).cache.ForEach(extent.first, extent.last, [&](std::size_t, CacheSlot slot) {
    if (result != ScanResult::kSucceed || slot.empty()) return;
    if (!slot.is_frame()) {
      if (++swapped > limits.swap) result = ScanResult::kExceedSwapPte;
      return;
    }
    ++present;
    const Pfn head = w.frames.HeadOf(slot.pfn());
    if (head == counted) return;
    counted = head;
    const Page& folio = w.frames[head];
    if (folio.order == w.arch->PmdOrder()) {
      result = ScanResult::kPteMappedHuge;
    } else if (!folio.Has(kPgLru)) {
      result = ScanResult::kPageLru;
    } else if (folio.refs != 0 || FolioPinned(w, head)) {
      result = ScanResult::kPageCount;
    } else {
      load->Count(folio.node);
    }
  });
  const std::uint64_t pages = extent.last - extent.first;
  if (result == ScanResult::kSucceed && present + limits.none < pages) {
    result = ScanResult::kExceedNonePte;
  }
  return result;
}

bool AnyMissingVma(const World& w, const Extent& extent) {
  for (const FileMapping& m : FileMappingsOf(w, extent.file, extent.first, extent.last)) {
    if (w.mm(m.mm).vmas.Find(m.first)->UffdMissing()) return true;
  }
  return false;
}

// Brings every page of the extent into the cache and unmaps it; `holes`: some index has none.
ScanResult GatherPages(World& w, const Extent& extent, bool* holes) {
  bool any = false;
  for (std::uint64_t index = extent.first; index < extent.last; ++index) {
    if (w.file(extent.file).cache.Get(index).empty()) {
      *holes = true;
      continue;
    }
    any = true;
    const Pfn pfn = ShmemGetPage(w, extent.file, index, CacheMiss::kLookOnly, 0);
    if (pfn == Pfn(0)) return ScanResult::kFail;
    UnmapCacheFolio(w, w.frames.HeadOf(pfn), Cause::kCollapse);
    const Page& folio = w.frames.Head(pfn);
    if (folio.refs != 0 || FolioPinned(w, pfn)) return ScanResult::kPageCount;
  }
  return any ? ScanResult::kSucceed : ScanResult::kTruncated;
}

// The new folio takes over content and cache slots; the old folios are freed.
void ReplacePages(World& w, const Extent& extent, std::uint8_t node) {
  File& file = w.file(extent.file);
  const Pfn head = w.frames.Alloc(w.arch->PmdOrder(), node);
  w.frames[head].flags |= kPgSwapBacked | kPgLru | kPgDirty;
  std::vector<Pfn> old_folios;
  for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) {
    const CacheSlot slot = file.cache.Get(extent.first + i);
    w.frames[head + i].file = extent.file;
    w.frames[head + i].index = extent.first + i;
    file.cache.Set(extent.first + i, CacheSlot::Frame(head + i));
    if (slot.empty()) continue;
    w.frames[head + i].content = LookAtContent(w, slot.pfn());
    w.frames[slot.pfn()].file = FileId(0);
    const Pfn old_head = w.frames.HeadOf(slot.pfn());
    if (old_folios.empty() || old_folios.back() != old_head) old_folios.push_back(old_head);
  }
  for (const Pfn old_head : old_folios) MaybeFreeFolio(w, old_head);
}

// file_backed_vma_is_retractable()
bool Retractable(const World& w, const Vma& vma) {
  return vma.anon_vma == 0 && !w.steps->site.collapse_refuses_file_vma(vma) &&
         !vma.Has(kVmMaybeGuard);
}

// retract_page_tables(): what the tables still hold (poison markers) goes with them.
void RetractTables(World& w, const Extent& extent) {
  for (const FileMapping& m : FileMappingsOf(w, extent.file, extent.first, extent.last)) {
    if (m.last - m.first != extent.last - extent.first || PmdStart(w, m.first) != m.first) continue;
    if (PmdState(w, m.mm, m.first) != ScanResult::kSucceed) continue;
    if (!Retractable(w, *w.mm(m.mm).vmas.Find(m.first))) continue;
    NotifyInvalidate(w, m.mm, m.first, m.last);
    w.mm(m.mm).table.DropPteTable(m.first);
    w.steps->site.flush_retracted(w, m.mm, m.first, m.last);
  }
}

// collapse_file()
ScanResult CollapseCache(World& w, const Extent& extent, const NodeLoad& load) {
  if (!HugePageAvailable(w)) return ScanResult::kAllocHugePage;
  bool holes = false;
  const ScanResult gathered = GatherPages(w, extent, &holes);
  if (gathered != ScanResult::kSucceed) return gathered;
  if (holes && AnyMissingVma(w, extent)) return ScanResult::kExceedNonePte;
  ReplacePages(w, extent, load.Target());
  RetractTables(w, extent);
  return ScanResult::kPteMappedHuge;
}

// Whether every entry of the table is empty or maps its page of the folio.
ScanResult CheckTable(const World& w, MmId mm, Vpn first, Pfn head) {
  const Arch& arch = *w.arch;
  const PageTable& table = w.mm(mm).table;
  for (std::uint32_t i = 0; i < table.PmdPages(); ++i) {
    const Word word = table.GetPte(first + i);
    if (arch.None(Form::kPte, word)) continue;
    if (!arch.Present(Form::kPte, word)) return ScanResult::kPteNonPresent;
    if (arch.PfnOf(Form::kPte, word) != head + i) return ScanResult::kFail;
  }
  return ScanResult::kSucceed;
}

// What the entries of a dropped table knew of writes.
struct Written {
  bool dirty = false;
  bool soft_dirty = false;
};

Written DropTable(World& w, MmId mm, Vpn first) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(mm).table;
  Written written;
  const Vpn last = first + table.PmdPages();
  NotifyInvalidate(w, mm, first, last);
  for (Vpn vpn = first; vpn < last; ++vpn) {
    const Word word = table.GetPte(vpn);
    if (arch.None(Form::kPte, word)) continue;
    written.dirty |= arch.Dirty(Form::kPte, word);
    written.soft_dirty |= arch.SoftDirty(Form::kPte, word);
    table.SetPte(vpn, arch.NoneWord(Form::kPte));
    UnmapFrames(w, arch.PfnOf(Form::kPte, word), 1);
  }
  table.DropPteTable(first);
  w.steps->site.flush_collapsed_file(w, mm, first, last);
  return written;
}

// try_collapse_pte_mapped_thp(). khugepaged leaves the leaf to the next fault.
ScanResult InstallPmd(World& w, MmId mm, const Vma& vma, Vpn first, const CollapseLimits& limits) {
  const ScanResult state = PmdState(w, mm, first);
  if (state == ScanResult::kPmdMapped) return state;
  if (!CollapsePossible(w, vma)) return ScanResult::kVmaCheck;
  if (w.steps->site.collapse_refuses_file_vma(vma)) return ScanResult::kPteUffd;
  const CacheSlot slot = w.file(vma.file).cache.Get(vma.IndexOf(first));
  if (!slot.is_frame()) return ScanResult::kPageNull;
  const Pfn head = w.frames.HeadOf(slot.pfn());
  if (w.frames[head].order != w.arch->PmdOrder()) return ScanResult::kPageCompound;
  Written written;
  if (state == ScanResult::kSucceed) {
    const ScanResult checked = CheckTable(w, mm, first, head);
    if (checked != ScanResult::kSucceed) return checked;
    written = DropTable(w, mm, first);
    if (!w.steps->site.collapse_keeps_written(w, vma)) written = {};
    if (written.dirty) w.frames[head].MarkDirty();
  }
  if (limits.daemon) {
    EmitLoss(w, mm, first, first + w.arch->geometry().PmdPages(), Cause::kCollapse);
    return ScanResult::kSucceed;
  }
  if (!MapFilePmd(w, mm, vma, first, head, Access::kRead)) return ScanResult::kFail;
  if (written.soft_dirty) {
    PageTable& table = w.mm(mm).table;
    table.SetPmd(first, w.arch->MkSoftDirty(Form::kPmd, table.GetPmd(first)));
  }
  return ScanResult::kSucceed;
}

}  // namespace

bool CollapseRefusesFileVma(const Vma& vma) { return vma.UffdWp() || vma.UffdRwp(); }

ScanResult CollapseFile(World& w, MmId mm, const Vma& vma, Vpn first,
                        const CollapseLimits& limits) {
  const std::uint64_t index = vma.IndexOf(first);
  const Extent extent{
      .file = vma.file, .first = index, .last = index + w.arch->geometry().PmdPages()};
  NodeLoad load;
  ScanResult result = ScanCache(w, extent, limits, &load);
  if (result == ScanResult::kSucceed) result = CollapseCache(w, extent, load);
  if (result == ScanResult::kPteMappedHuge) result = InstallPmd(w, mm, vma, first, limits);
  return result;
}

}  // namespace uffdsim
