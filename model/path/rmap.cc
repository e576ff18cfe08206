#include "model/path/rmap.h"

#include <algorithm>

#include "model/base/check.h"
#include "model/mm/entry.h"
#include "model/path/hugetlb.h"

namespace uffdsim {
namespace {

void FreeFolio(World& w, Pfn head) {
  const Page& page = w.frames[head];
  if (page.Has(kPgHugetlb)) {
    HugePool& pool = w.huge_pool(HstateOfOrder(w, page.order));
    ++pool.free;
    if (page.Has(kPgHugetlbRestore)) ++pool.reserved;
  }
  w.frames.Free(head);
}

// Pages of `vma` that could map the folio, by its linear index; the whole VMA for KSM, whose pages
// have no index of their own.
bool CandidateRange(const World& w, const Vma& vma, Pfn head, Vpn* first, Vpn* last) {
  const Page& folio = w.frames[head];
  if (!folio.Has(kPgAnon) && vma.file != folio.file) return false;
  if (folio.Has(kPgKsm)) {
    *first = vma.start;
    *last = vma.end;
    return vma.Anonymous();
  }
  const std::uint64_t begin = std::max(folio.index, vma.pgoff.value);
  const std::uint64_t end =
      std::min(folio.index + w.frames.Count(head), vma.pgoff.value + vma.pages());
  if (begin >= end) return false;
  *first = vma.start + (begin - vma.pgoff.value);
  *last = vma.start + (end - vma.pgoff.value);
  return true;
}

void CollectFromHugetlb(const World& w, MmId mm, const Vma& vma, Pfn head, Vpn vpn,
                        std::vector<Mapping>* out) {
  const Word word = HugeEntry(w, mm, vma, vpn);
  if (!w.arch->Present(Form::kPte, word) || w.arch->PfnOf(Form::kPte, word) != head) return;
  out->push_back(
      {.mm = mm, .vpn = HugeFirst(w, vma, vpn), .level = LevelOf(vma.hstate), .pfn = head});
}

void CollectFromVma(const World& w, MmId mm, const Vma& vma, Pfn head, std::vector<Mapping>* out) {
  Vpn vpn;
  Vpn last;
  if (!CandidateRange(w, vma, head, &vpn, &last)) return;
  if (vma.Hugetlb()) return CollectFromHugetlb(w, mm, vma, head, vpn, out);
  const Arch& arch = *w.arch;
  const PageTable& table = w.mm(mm).table;
  const std::uint32_t count = w.frames.Count(head);
  while (vpn < last) {
    const Word pmd = table.GetPmd(vpn);
    if (!arch.None(Form::kPmd, pmd)) {
      if (arch.Present(Form::kPmd, pmd) && w.frames.HeadOf(arch.PfnOf(Form::kPmd, pmd)) == head) {
        const Vpn base(vpn.value & ~(table.PmdPages() - 1));
        out->push_back({.mm = mm, .vpn = base, .level = 1, .pfn = arch.PfnOf(Form::kPmd, pmd)});
      }
      vpn = Vpn((vpn.value | (table.PmdPages() - 1)) + 1);
      continue;
    }
    const Word pte = table.GetPte(vpn);
    if (!arch.None(Form::kPte, pte) && arch.Present(Form::kPte, pte)) {
      const Pfn pfn = arch.PfnOf(Form::kPte, pte);
      if (pfn >= head && pfn < head + count) {
        out->push_back({.mm = mm, .vpn = vpn, .level = 0, .pfn = pfn});
      }
    }
    ++vpn;
  }
}

// The guest page of a stage 2 that shows the frame, if its host VMA maps the frame's file or
// anonymous index; false when it does not.
bool GuestPageOf(const World& w, const Stage2& stage2, Pfn pfn, std::uint64_t* guest) {
  const Page& folio = w.frames.Head(pfn);
  const std::uint64_t index = folio.index + (pfn - w.frames.HeadOf(pfn));
  const Vma* vma = w.mm(stage2.mm()).vmas.Find(stage2.base());
  if (vma == nullptr || vma->file != folio.file) return false;
  if (index < vma->pgoff.value || index >= vma->pgoff.value + vma->pages()) return false;
  const Vpn vpn = vma->start + (index - vma->pgoff.value);
  if (vpn < stage2.base() || vpn >= stage2.base() + stage2.pages()) return false;
  *guest = vpn - stage2.base();
  return true;
}

}  // namespace

void MapFrames(World& w, Pfn pfn, std::uint32_t count) {
  if (w.frames[pfn].Has(kPgZero)) return;
  for (std::uint32_t i = 0; i < count; ++i) ++w.frames[pfn + i].mapcount;
}

void UnmapFrames(World& w, Pfn pfn, std::uint32_t count) {
  if (w.frames[pfn].Has(kPgZero)) return;
  for (std::uint32_t i = 0; i < count; ++i) {
    UFFDSIM_CHECK(w.frames[pfn + i].mapcount > 0);
    --w.frames[pfn + i].mapcount;
  }
  MaybeFreeFolio(w, pfn);
}

std::uint64_t FolioMapcount(const World& w, Pfn pfn) {
  const Pfn head = w.frames.HeadOf(pfn);
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < w.frames.Count(pfn); ++i) {
    sum += static_cast<std::uint64_t>(w.frames[head + i].mapcount);
  }
  return sum;
}

bool FolioPinned(const World& w, Pfn pfn) {
  const Pfn head = w.frames.HeadOf(pfn);
  for (std::uint32_t i = 0; i < w.frames.Count(pfn); ++i) {
    if (w.frames[head + i].pins != 0) return true;
  }
  return false;
}

void MaybeFreeFolio(World& w, Pfn pfn) {
  const Pfn head = w.frames.HeadOf(pfn);
  Page& folio = w.frames[head];
  if (folio.file != FileId(0) && !folio.Has(kPgAnon)) return;  // still in a page cache
  if (folio.refs != 0 || FolioPinned(w, head) || FolioMapcount(w, head) != 0) return;
  if (folio.Has(kPgSwapCache)) {
    for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) {
      if (w.swap[folio.swap_slot + i].count != 0) return;
    }
    folio.flags &= ~static_cast<std::uint32_t>(kPgSwapCache);
    const SwapSlot slot = folio.swap_slot;
    for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) w.swap.DetachCache(slot + i);
  }
  FreeFolio(w, head);
}

std::vector<Mapping> MappingsOf(const World& w, Pfn pfn) {
  const Pfn head = w.frames.HeadOf(pfn);
  std::vector<Mapping> found;
  for (std::size_t m = 0; m < w.mms.size(); ++m) {
    if (!w.mms[m].alive) continue;
    const MmId mm(static_cast<std::uint16_t>(m));
    for (const Vma& vma : w.mms[m].vmas.list()) CollectFromVma(w, mm, vma, head, &found);
  }
  return found;
}

std::vector<FileMapping> FileMappingsOf(const World& w, FileId file, std::uint64_t first,
                                        std::uint64_t last) {
  std::vector<FileMapping> found;
  for (std::size_t m = 0; m < w.mms.size(); ++m) {
    if (!w.mms[m].alive) continue;
    for (const Vma& vma : w.mms[m].vmas.list()) {
      if (vma.file != file) continue;
      const std::uint64_t begin = std::max(first, vma.pgoff.value);
      const std::uint64_t end = std::min(last, vma.pgoff.value + vma.pages());
      if (begin >= end) continue;
      found.push_back({.mm = MmId(static_cast<std::uint16_t>(m)),
                       .first = vma.start + (begin - vma.pgoff.value),
                       .last = vma.start + (end - vma.pgoff.value)});
    }
  }
  return found;
}

Pfn NewAnonPage(World& w, const Vma& vma, Vpn vpn, Content content) {
  const Pfn pfn = w.frames.Alloc(0, vma.node());
  Page& page = w.frames[pfn];
  page.flags |= kPgAnon | kPgAnonExclusive | kPgSwapBacked | kPgLru;
  page.index = vma.IndexOf(vpn);
  page.content = content;
  return pfn;
}

void PrepareAnonVma(World& w, MmId mm, Vma& vma) {
  if (vma.anon_vma != 0) return;
  // find_mergeable_anon_vma(): a neighbour whose pages could have been this VMA's.
  const auto& list = w.mm(mm).vmas.list();
  for (const Vma& other : list) {
    const bool adjacent = other.end == vma.start || other.start == vma.end;
    if (!adjacent || other.anon_vma == 0 || other.anon_vma_shared) continue;
    const Vma& low = other.end == vma.start ? other : vma;
    const Vma& high = other.end == vma.start ? vma : other;
    const VmFlags ignored = kVmAccessFlags | kVmIgnoreMerge;
    if (low.file == high.file && low.policy == high.policy &&
        ((low.flags ^ high.flags) & ~ignored) == 0 && low.IndexOf(low.end) == high.pgoff.value) {
      vma.anon_vma = other.anon_vma;
      return;
    }
  }
  vma.anon_vma = w.mm(mm).next_anon_vma++;
}

void NotifyInvalidate(World& w, MmId mm, Vpn first, Vpn last) {
  for (Stage2& stage2 : w.stage2s) {
    if (stage2.mm() == mm) stage2.Invalidate(first, last);
  }
  if (w.listener != nullptr) w.listener->OnNotify(mm, first, last);
}

void FlushTlb(World& w, MmId mm, Vpn first, Vpn last) {
  for (Tlb& tlb : w.tlbs) tlb.Flush(mm, first, last);
  if (w.listener != nullptr) w.listener->OnFlush(mm, first, last);
}

Content LookAtContent(World& w, Pfn pfn) {
  const Page& page = w.frames[pfn];
  for (Stage2& stage2 : w.stage2s) {
    std::uint64_t guest = 0;
    if (GuestPageOf(w, stage2, pfn, &guest)) stage2.Unfresh(guest);
  }
  return page.content;
}

void SetContent(World& w, Pfn pfn, Content content) {
  LookAtContent(w, pfn);
  w.frames[pfn].content = content;
}

}  // namespace uffdsim
