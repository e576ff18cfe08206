// Faults on empty entries of file mappings (shmem, private file mappings), fault-around.
//
// Mirrors: do_fault(), do_fault_around(), set_pte_range() of mm/memory.c; shmem_fault() and
//          shmem_get_folio_gfp() of mm/shmem.c.
// Marker:  MINOR is asked when the page is there, MISSING when it is not; a uffd-wp marker becomes
// the
//          uffd bit of the new entry. Fault-around is off in WP, RWP and MINOR VMAs, because it
//          would map neighbours that nobody touched.
#include <algorithm>

#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/fault_parts.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/step_table.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kFaultAroundBytes = 65536;

// set_pte_range() for one page.
void InstallFilePage(World& w, const FaultFrame& f, const Vma& vma, Vpn vpn, Pfn pfn) {
  const Arch& arch = *w.arch;
  const bool write = (f.flags & kFaultWrite) != 0;
  Word word = arch.Make(Form::kPte, pfn, vma.page_prot);
  const bool prefault = vpn != f.vpn;
  word = prefault && arch.layout().old_prefault ? arch.MkOld(Form::kPte, word)
                                                : arch.MkYoung(Form::kPte, word);
  if (write) {
    word = arch.MkDirty(Form::kPte, word);
    if (vma.Has(kVmWrite)) word = arch.MkWrite(Form::kPte, word);
  } else if (arch.Write(Form::kPte, word) && w.frames.Head(pfn).Has(kPgDirty)) {
    word = arch.MkDirty(Form::kPte, word);
  }
  if (w.steps->site.populates_marked(vma, f.was_marker) && vpn == f.vpn) {
    word = w.steps->site.restore_uffd(w, vma, Form::kPte, word, true);
  }
  MapFrames(w, pfn, 1);
  w.mm(f.mm).table.SetPte(vpn, word);
}

// set_pte_range(): consecutive pages of one folio, all of them touched if the faulting one is among
// them.
void MapRun(World& w, const FaultFrame& f, const Vma& vma, PageSpan run) {
  const File& file = w.file(vma.file);
  const bool touched = run.first <= f.vpn && f.vpn < run.last;
  for (Vpn vpn = run.first; vpn < run.last; ++vpn) {
    FaultFrame at = f;
    if (touched) at.vpn = vpn;
    InstallFilePage(w, at, vma, vpn, file.cache.Get(vma.IndexOf(vpn)).pfn());
  }
}

// filemap_map_folio_range(): the empty entries of the range, run by run.
void MapFolioRange(World& w, const FaultFrame& f, const Vma& vma, PageSpan range) {
  const PageTable& table = w.mm(f.mm).table;
  const File& file = w.file(vma.file);
  const auto mappable = [&](Vpn vpn) {
    return w.arch->None(Form::kPte, table.GetPte(vpn)) &&
           !w.frames[file.cache.Get(vma.IndexOf(vpn)).pfn()].Has(kPgHwPoison);
  };
  for (Vpn vpn = range.first; vpn < range.last; ++vpn) {
    if (!mappable(vpn)) continue;
    const Vpn first = vpn;
    while (vpn < range.last && mappable(vpn)) ++vpn;
    MapRun(w, f, vma, {.first = first, .last = vpn});
  }
}

// What one cached folio adds to the window [vpn, last): a large one is mapped beyond it, as far as
// it goes, or its part in the window as one range.
PageSpan AroundSpan(World& w, const Vma& vma, PageSpan window, Pfn pfn) {
  const PageSpan whole = FolioSpan(w, vma, window.first, pfn);
  if (whole.last - whole.first > 1) return whole;
  const Pfn head = w.frames.HeadOf(pfn);
  const std::uint64_t in_folio = w.frames.Count(head) - (pfn - head);
  const std::uint64_t in_file = w.file(vma.file).size - vma.IndexOf(window.first);
  return {.first = window.first,
          .last = std::min(window.last, window.first + std::min(in_folio, in_file))};
}

// do_fault_around(): maps the cached pages of an aligned window, inside the VMA and the PTE table.
// True when the faulting page itself was mapped.
bool FaultAround(World& w, FaultFrame& f, Vma& vma) {
  const std::uint64_t window = kFaultAroundBytes >> w.arch->geometry().page_shift;
  if (!w.config.fault_around || window <= 1) return false;
  if (!w.steps->site.fault_around_allowed(vma)) return false;
  if ((f.flags & kFaultWrite) != 0) return false;
  PageTable& table = w.mm(f.mm).table;
  const Vpn table_start(f.vpn.value & ~(table.PmdPages() - 1));
  const Vpn aligned(f.vpn.value & ~(window - 1));
  const Vpn first = std::max({aligned, vma.start, table_start});
  const Vpn last = std::min({first + window, vma.end, table_start + table.PmdPages()});
  const File& file = w.file(vma.file);
  if (!table.HasPteTable(f.vpn)) {
    // A table appears only if there is something to map; a huge folio is mapped by the PMD.
    bool cached = false;
    for (Vpn vpn = first; vpn < last && !cached; ++vpn) {
      const std::uint64_t index = vma.IndexOf(vpn);
      const CacheSlot slot = file.cache.Get(index);
      // A huge folio may reach beyond the end of the file.
      cached = index < file.size && slot.is_frame() &&
               !w.frames.Head(slot.pfn()).Has(kPgFallocated | kPgReclaim);
    }
    if (!cached) return false;
    if (ShmemMapPmd(w, f, vma)) return true;
    if (!AllocPteTable(w, f.mm, f.vpn)) return false;
  }
  for (Vpn vpn = first; vpn < last;) {
    const std::uint64_t index = vma.IndexOf(vpn);
    const CacheSlot slot = file.cache.Get(index);
    const bool cached = index < file.size && slot.is_frame() &&
                        !w.frames.Head(slot.pfn()).Has(kPgFallocated | kPgReclaim);
    if (!cached) {
      ++vpn;
      continue;
    }
    const PageSpan span = AroundSpan(w, vma, {.first = vpn, .last = last}, slot.pfn());
    MapFolioRange(w, f, vma, span);
    vpn = span.last;
  }
  return !w.arch->None(Form::kPte, table.GetPte(f.vpn));
}

// A write to a private mapping of a file: an anonymous copy at once (do_cow_fault()).
void InstallPrivateCopy(World& w, const FaultFrame& f, Vma& vma, Pfn cached) {
  const Arch& arch = *w.arch;
  PrepareAnonVma(w, f.mm, vma);
  const Pfn pfn = NewAnonPage(w, vma, f.vpn, LookAtContent(w, cached));
  w.frames[pfn].flags |= kPgDirty;
  Word word = arch.MkYoung(Form::kPte, arch.Make(Form::kPte, pfn, vma.page_prot));
  word = arch.MkDirty(Form::kPte, word);
  if (vma.Has(kVmWrite)) word = arch.MkWrite(Form::kPte, word);
  if (w.steps->site.populates_marked(vma, f.was_marker)) {
    word = w.steps->site.restore_uffd(w, vma, Form::kPte, word, true);
  }
  MapFrames(w, pfn, 1);
  w.mm(f.mm).table.SetPte(f.vpn, word);
}

}  // namespace

bool MinorWanted(const World&, const Vma& vma) { return vma.UffdMinor(); }

bool FaultAroundAllowed(const Vma& vma) {
  return !vma.UffdWp() && !vma.UffdRwp() && !vma.UffdMinor();
}

Pfn ShmemGetPage(World& w, FileId id, std::uint64_t index, CacheMiss miss, std::uint8_t node,
                 SwapIn size) {
  File& file = w.file(id);
  CacheSlot slot = file.cache.Get(index);
  if (slot.is_frame()) {
    w.frames.Head(slot.pfn()).flags &= ~static_cast<std::uint32_t>(kPgFallocated);
    return slot.pfn();
  }
  Pfn pfn;
  if (slot.is_swap()) {
    if (slot.order() != 0) {
      if (size == SwapIn::kLarge && ShmemSwapInLarge(w, id, index, node)) {
        return file.cache.Get(index).pfn();
      }
      ShmemSplitSwapEntry(file, index);
    }
    const SwapSlot swapped = slot.swap();
    pfn = ReadSwapSlot(w, swapped, node);
    if (pfn == Pfn(0)) return pfn;
    // shmem_swapin_folio(): leaves the swap cache, enters the page cache, frees the slot.
    Page& page = w.frames[pfn];
    page.flags &= ~static_cast<std::uint32_t>(kPgSwapCache);
    w.swap[swapped].cache = Pfn(0);
    w.swap.Put(swapped);
    page.flags |= kPgDirty;
  } else {
    if (miss == CacheMiss::kLookOnly) return Pfn(0);
    pfn = w.frames.Alloc(0, node);
  }
  Page& page = w.frames[pfn];
  page.flags |= kPgLru | (file.kind == FileKind::kShmem ? std::uint32_t{kPgSwapBacked} : 0);
  page.file = id;
  page.index = index;
  file.cache.Set(index, CacheSlot::Frame(pfn));
  return pfn;
}

std::uint32_t FileFault(World& w, FaultFrame& f, Vma& vma) {
  const std::uint64_t index = vma.IndexOf(f.vpn);
  // Fault-around comes first and skips the file's fault handler when it maps the page.
  if (!f.was_marker && FaultAround(w, f, vma)) return kVmFaultOk;
  // do_cow_fault() prepares for the copy before it asks the file.
  const bool copies = (f.flags & kFaultWrite) != 0 && !vma.Shared();
  if (copies) PrepareAnonVma(w, f.mm, vma);
  File& file = w.file(vma.file);
  if (index >= file.size) return kVmFaultSigbus;
  const CacheSlot slot = file.cache.Get(index);
  if (!slot.empty() && w.steps->site.minor_wanted(w, vma)) {
    f.reason = UffdReason::kMinor;
    return kFaultDeliver;
  }
  if (slot.empty() && vma.UffdMissing()) {
    f.reason = UffdReason::kMissing;
    return kFaultDeliver;
  }
  // do_cow_fault() has the copy ready before it looks for the page; a page that has to be made or
  // read in is memory too.
  if (copies && !PageAvailable(w)) return kVmFaultOom;
  if (slot.empty()) ShmemAddHuge(w, vma, f.vpn, vma.node());
  if (!file.cache.Get(index).is_frame() && !PageAvailable(w)) return kVmFaultOom;
  const Pfn pfn = ShmemGetPage(w, vma.file, index, CacheMiss::kAllocate, vma.node(),
                               vma.UffdArmed() ? SwapIn::kSingle : SwapIn::kLarge);
  if (pfn == Pfn(0)) return kVmFaultSigbus;
  if (w.frames[pfn].Has(kPgHwPoison)) return kVmFaultHwpoison;
  PageTable& table = w.mm(f.mm).table;
  if (!table.HasPteTable(f.vpn)) {
    if (ShmemMapPmd(w, f, vma)) return kVmFaultOk;
    if (!AllocPteTable(w, f.mm, f.vpn)) return kVmFaultOom;
  }
  if (!SameEntry(w, f)) return kVmFaultOk;
  if (copies) {
    InstallPrivateCopy(w, f, vma, pfn);
    return kVmFaultOk;
  }
  if ((f.flags & kFaultWrite) != 0) w.frames.Head(pfn).MarkDirty();
  MapRun(w, f, vma, FileFaultSpan(w, f.mm, vma, f.vpn, pfn));
  return kVmFaultOk;
}

}  // namespace uffdsim
