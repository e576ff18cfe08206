// Huge folios of shmem files: filling holes with them, mapping them, removing parts of them.
//
// Mirrors: shmem_alloc_and_add_folio(), shmem_swapin_folio(), shmem_split_large_entry() of
//          mm/shmem.c, do_set_pmd(), finish_fault() of mm/memory.c, truncate_inode_partial_folio()
//          of mm/truncate.c.
// Marker:  a PMD is installed in RWP and WP VMAs too, without a mark.
#include <algorithm>

#include "model/path/alloc.h"
#include "model/path/huge.h"
#include "model/path/rmap.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

bool AnyPoisoned(const World& w, Pfn head) {
  for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) {
    if (w.frames[head + i].Has(kPgHwPoison)) return true;
  }
  return false;
}

// Whether [first, first + pages) of the file has neither pages nor swap slots.
bool Hole(const File& file, std::uint64_t first, std::uint64_t pages) {
  bool hole = true;
  file.cache.ForEach(first, first + pages, [&](std::size_t, CacheSlot) { hole = false; });
  return hole;
}

// shmem_alloc_and_add_folio(): a folio of that order around `index`; false when something is cached
// there or the memory cannot be had.
bool AddFolio(World& w, FileId id, std::uint64_t index, unsigned order, std::uint8_t node) {
  const std::uint64_t pages = std::uint64_t{1} << order;
  const std::uint64_t first = index & ~(pages - 1);
  File& file = w.file(id);
  if (!Hole(file, first, pages) || !HugePageAvailable(w)) return false;
  const Pfn head = w.frames.Alloc(static_cast<std::uint8_t>(order), node);
  w.frames[head].flags |= kPgSwapBacked | kPgLru;
  for (std::uint32_t i = 0; i < pages; ++i) {
    w.frames[head + i].file = id;
    w.frames[head + i].index = first + i;
    file.cache.Set(first + i, CacheSlot::Frame(head + i));
  }
  return true;
}

// truncate_inode_folio()
void RemoveFromCache(World& w, FileId id, Pfn head) {
  const std::uint64_t index = w.frames[head].index;
  for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) {
    w.file(id).cache.Set(index + i, CacheSlot{});
    w.frames[head + i].file = FileId(0);
  }
  MaybeFreeFolio(w, head);
}

// A part of the folio, in frames.
struct Part {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

// Zeroes the part and splits the folio at both of its edges, if nobody holds it.
void CutOut(World& w, Pfn head, Part part) {
  const std::uint32_t count = w.frames.Count(head);
  for (std::uint32_t i = part.first; i < part.last; ++i) SetContent(w, head + i, 0);
  w.frames[head].MarkDirty();
  if (!SplitCacheFolioAt(w, head, head + part.first) || part.last == count) return;
  const Pfn edge = head + part.last;
  // Pieces beyond the end of the file are gone already.
  if (w.frames[edge].file == FileId(0) || w.frames[edge].order == 0) return;
  SplitCacheFolioAt(w, w.frames.HeadOf(edge), edge);
}

}  // namespace

void ShmemAddHuge(World& w, const Vma& vma, Vpn vpn, std::uint8_t node) {
  if (!ShmemHugeAllowed(w, vma, vma.IndexOf(vpn)) || !HugeFits(w, vma, vpn)) return;
  AddFolio(w, vma.file, vma.IndexOf(vpn), w.arch->PmdOrder(), node);
}

void ShmemAddLarge(World& w, FileId id, std::uint64_t index) {
  const unsigned most = w.arch->PmdOrder();
  const unsigned least = w.config.shmem_thp == WorldConfig::ShmemThp::kForce ? most : 1;
  for (unsigned order = most; order >= least && order != 0; --order) {
    if (ShmemLargeAllowed(w, id, index, order) && AddFolio(w, id, index, order, 0)) return;
  }
}

bool ShmemSwapInLarge(World& w, FileId id, std::uint64_t index, std::uint8_t node) {
  File& file = w.file(id);
  const CacheSlot slot = file.cache.Get(index);
  const std::uint32_t pages = 1U << slot.order();
  const std::uint64_t first = index & ~(std::uint64_t{pages} - 1);
  const SwapSlot base = slot.swap() - static_cast<std::uint32_t>(index - first);
  for (std::uint32_t i = 0; i < pages; ++i) {
    if (w.swap[base + i].cache != Pfn(0) || w.swap[base + i].bad) return false;
  }
  const Pfn head = w.frames.Alloc(slot.order(), node);
  w.frames[head].flags |= kPgSwapBacked | kPgLru | kPgDirty;
  for (std::uint32_t i = 0; i < pages; ++i) {
    Page& page = w.frames[head + i];
    page.file = id;
    page.index = first + i;
    page.content = w.swap[base + i].content;
    file.cache.Set(first + i, CacheSlot::Frame(head + i));
    w.swap.Put(base + i);
  }
  return true;
}

void ShmemSplitSwapEntry(File& file, std::uint64_t index) {
  // A node of the page cache's tree has 2^6 slots; xas_try_split() goes down one node at a time.
  constexpr unsigned kNodeBits = 6;
  for (unsigned order = file.cache.Get(index).order(); order != 0;) {
    const unsigned next = order % kNodeBits == 0 ? order - 1 : order - order % kNodeBits;
    const std::uint64_t first = index & ~((1ULL << order) - 1);
    for (std::uint64_t i = first; i < first + (1ULL << order); ++i) {
      file.cache.Set(i, CacheSlot::Swapped(file.cache.Get(i).swap(), next));
    }
    order = next;
  }
}

void ShmemReadPartial(World& w, FileId id, std::uint64_t index, std::uint64_t first,
                      std::uint64_t last) {
  const CacheSlot slot = w.file(id).cache.Get(index);
  if (!slot.is_swap() || index >= w.file(id).size) return;
  const std::uint64_t begin = index & ~((1ULL << slot.order()) - 1);
  if (begin >= first && begin + (1ULL << slot.order()) <= last) return;
  ShmemGetPage(w, id, index, CacheMiss::kLookOnly, 0);
}

bool MapFilePmd(World& w, MmId mm, const Vma& vma, Vpn vpn, Pfn head, Access access) {
  const Arch& arch = *w.arch;
  if (HugeDisabled(vma, arch) || !HugeFits(w, vma, vpn)) return false;
  if (w.frames[head].order != arch.PmdOrder() || AnyPoisoned(w, head)) return false;
  Word word = arch.Make(Form::kPmd, head, vma.page_prot);
  if (access == Access::kWrite) {
    w.frames[head].MarkDirty();
    word = arch.MkDirty(Form::kPmd, word);
    if (vma.Has(kVmWrite)) word = arch.MkWrite(Form::kPmd, word);
  }
  MapFrames(w, head, w.frames.Count(head));
  w.mm(mm).table.SetPmd(vpn, word);
  return true;
}

bool ShmemMapPmd(World& w, FaultFrame& f, Vma& vma) {
  const bool write = (f.flags & kFaultWrite) != 0;
  // A write to a private mapping maps its copy, which is a single page.
  if (write && !vma.Shared()) return false;
  const CacheSlot slot = w.file(vma.file).cache.Get(vma.IndexOf(f.vpn));
  if (!slot.is_frame()) return false;
  return MapFilePmd(w, f.mm, vma, f.vpn, w.frames.HeadOf(slot.pfn()),
                    write ? Access::kWrite : Access::kRead);
}

PageSpan FolioSpan(const World& w, const Vma& vma, Vpn vpn, Pfn pfn) {
  const PageSpan single{.first = vpn, .last = vpn + 1};
  const Pfn head = w.frames.HeadOf(pfn);
  const std::uint64_t pages = w.frames.Count(head);
  const std::uint64_t before = pfn - head;
  if (pages == 1 || vpn.value < before) return single;
  const PageSpan whole{.first = vpn - before, .last = vpn - before + pages};
  if (whole.first < vma.start || whole.last > vma.end) return single;
  return PmdStart(w, whole.first) == PmdStart(w, whole.last - 1) ? whole : single;
}

PageSpan FileFaultSpan(const World& w, MmId mm, const Vma& vma, Vpn vpn, Pfn pfn) {
  const PageSpan single{.first = vpn, .last = vpn + 1};
  if (vma.UffdArmed()) return single;
  const PageSpan whole = FolioSpan(w, vma, vpn, pfn);
  for (Vpn at = whole.first; at < whole.last; ++at) {
    if (!w.arch->None(Form::kPte, w.mm(mm).table.GetPte(at))) return single;
  }
  return whole;
}

void DropLargeCachePage(World& w, FileId id, Pfn pfn, std::uint64_t first, std::uint64_t last) {
  const Pfn head = w.frames.HeadOf(pfn);
  const std::uint64_t begin = w.frames[head].index;
  const std::uint64_t end = begin + w.frames.Count(head);
  if (first <= begin && end <= last) return RemoveFromCache(w, id, head);
  const std::uint64_t here = begin + (pfn - head);
  CutOut(w, head,
         {.first = static_cast<std::uint32_t>(std::max(first, begin) - begin),
          .last = static_cast<std::uint32_t>(std::min(last, end) - begin)});
  // The piece with this page lies inside the range now, unless the folio could not be split.
  const CacheSlot slot = w.file(id).cache.Get(here);
  if (!slot.is_frame()) return;
  const Pfn piece = w.frames.HeadOf(slot.pfn());
  const std::uint64_t index = w.frames[piece].index;
  if (first <= index && index + w.frames.Count(piece) <= last) RemoveFromCache(w, id, piece);
}

}  // namespace uffdsim
