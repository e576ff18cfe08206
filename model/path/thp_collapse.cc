// MADV_COLLAPSE, and the collapse of anonymous memory.
//
// Mirrors: madvise_collapse(), collapse_scan_pmd(), collapse_huge_page(),
//          __collapse_huge_page_isolate() and _copy() of mm/khugepaged.c.
// Marker:  an entry with a mark, present or not, or a uffd-wp marker makes the collapse fail; in a
//          VMA of userfaultfd so does an empty entry or the zero page. The new entry has no mark.
#include "model/path/thp_collapse.h"

#include <algorithm>

#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/fault_parts.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/swap_out.h"

namespace uffdsim {
namespace {

// madvise_collapse_errno()
Errno ErrnoOf(ScanResult result) {
  switch (result) {
    case ScanResult::kExceedNonePte: return Errno::kEBUSY;
    case ScanResult::kAllocHugePage: return Errno::kENOMEM;
    case ScanResult::kPageCount:
    case ScanResult::kPageLru:
    case ScanResult::kMigrating:
    case ScanResult::kPageLock: return Errno::kEAGAIN;
    case ScanResult::kSucceed:
    case ScanResult::kPmdMapped:
    case ScanResult::kFail:
    case ScanResult::kNoPteTable:
    case ScanResult::kPteNonPresent:
    case ScanResult::kPteUffd:
    case ScanResult::kPteMappedHuge:
    case ScanResult::kPageAnon:
    case ScanResult::kPageNull:
    case ScanResult::kPageCompound:
    case ScanResult::kTruncated:
    case ScanResult::kExceedSwapPte:
    case ScanResult::kExceedSharedPte:
    case ScanResult::kLackReferenced:
    case ScanResult::kLazyfree:
    case ScanResult::kVmaCheck: return Errno::kEINVAL;
  }
  return Errno::kEINVAL;
}

// Whether madvise() goes on with the next huge page.
bool GoesOn(ScanResult result) {
  switch (result) {
    case ScanResult::kSucceed:
    case ScanResult::kPmdMapped:
    case ScanResult::kNoPteTable:
    case ScanResult::kPteNonPresent:
    case ScanResult::kPteUffd:
    case ScanResult::kPageNull:
    case ScanResult::kPageCount:
    case ScanResult::kPageLock:
    case ScanResult::kPageCompound:
    case ScanResult::kPageLru: return true;
    case ScanResult::kAllocHugePage:
    case ScanResult::kMigrating:
    case ScanResult::kFail:
    case ScanResult::kExceedNonePte:
    case ScanResult::kPteMappedHuge:
    case ScanResult::kPageAnon:
    case ScanResult::kTruncated:
    case ScanResult::kExceedSwapPte:
    case ScanResult::kExceedSharedPte:
    case ScanResult::kLackReferenced:
    case ScanResult::kLazyfree:
    case ScanResult::kVmaCheck: return false;
  }
  return false;
}

bool NoneOrZero(const World& w, Word word) {
  const Arch& arch = *w.arch;
  if (arch.None(Form::kPte, word)) return true;
  return arch.Present(Form::kPte, word) && w.frames[arch.PfnOf(Form::kPte, word)].Has(kPgZero);
}

// One present entry that maps a page; kSucceed when it may be collapsed.
ScanResult CheckPresent(const World& w, Word word, const CollapseLimits& limits) {
  const Arch& arch = *w.arch;
  if (w.steps->site.collapse_refuses_present(w, word)) return ScanResult::kPteUffd;
  const Pfn pfn = arch.PfnOf(Form::kPte, word);
  const Page& folio = w.frames.Head(pfn);
  const bool lazyfree = folio.Has(kPgAnon) && !folio.Has(kPgSwapBacked);
  if (limits.daemon && lazyfree && !arch.Dirty(Form::kPte, word)) return ScanResult::kLazyfree;
  if (!folio.Has(kPgAnon)) return ScanResult::kPageAnon;
  if (!folio.Has(kPgLru)) return ScanResult::kPageLru;
  if (folio.refs != 0 || FolioPinned(w, pfn)) return ScanResult::kPageCount;
  return ScanResult::kSucceed;
}

struct Scan {
  ScanResult result = ScanResult::kSucceed;
  std::uint64_t none = 0;      // empty, or the zero page
  std::uint64_t unmapped = 0;  // to swap in
  std::uint64_t shared = 0;
  std::uint64_t referenced = 0;
  NodeLoad load;
};

// What one entry adds; the result is the first thing that speaks against a collapse.
void ScanEntry(const World& w, const Vma& vma, Word word, const CollapseLimits& limits,
               Scan* scan) {
  const Arch& arch = *w.arch;
  if (NoneOrZero(w, word)) {
    if (++scan->none > (vma.UffdArmed() ? 0 : limits.none)) {
      scan->result = ScanResult::kExceedNonePte;
    }
    return;
  }
  if (!arch.Present(Form::kPte, word)) {
    if (++scan->unmapped > limits.swap) {
      scan->result = ScanResult::kExceedSwapPte;
    } else if (w.steps->site.collapse_refuses_softleaf(w, word)) {
      scan->result = ScanResult::kPteUffd;
    }
    return;
  }
  scan->result = CheckPresent(w, word, limits);
  const Pfn pfn = arch.PfnOf(Form::kPte, word);
  if (FolioMappedShared(w, pfn) && ++scan->shared > limits.shared) {
    scan->result = ScanResult::kExceedSharedPte;
  }
  scan->load.Count(w.frames.Head(pfn).node);
  const bool referenced = arch.Young(Form::kPte, word) || w.frames.Head(pfn).Has(kPgReferenced);
  if (referenced) ++scan->referenced;
}

// The loop of collapse_scan_pmd().
Scan ScanTable(const World& w, MmId mm, const Vma& vma, Vpn first, const CollapseLimits& limits) {
  const PageTable& table = w.mm(mm).table;
  const std::uint64_t pages = table.PmdPages();
  Scan scan;
  for (std::uint64_t i = 0; i < pages && scan.result == ScanResult::kSucceed; ++i) {
    ScanEntry(w, vma, table.GetPte(first + i), limits, &scan);
  }
  const bool unused = scan.referenced == 0 || (scan.unmapped != 0 && scan.referenced < pages / 2);
  if (scan.result == ScanResult::kSucceed && limits.daemon && unused) {
    scan.result = ScanResult::kLackReferenced;
  }
  return scan;
}

// __collapse_huge_page_swapin(): as if each non-present entry had been read.
ScanResult SwapInRange(World& w, MmId mm, Vma& vma, Vpn first) {
  const Arch& arch = *w.arch;
  const PageTable& table = w.mm(mm).table;
  for (std::uint64_t i = 0; i < table.PmdPages(); ++i) {
    const Word word = table.GetPte(first + i);
    if (arch.None(Form::kPte, word) || arch.Present(Form::kPte, word)) continue;
    FaultFrame f;
    f.mm = mm;
    f.vpn = first + i;
    f.flags = kFaultAllowRetry;
    f.orig = word;
    const bool swap = Classify(arch, Form::kPte, word) == EntryKind::kSwap;
    const std::uint32_t fault = swap ? SwapInFault(w, f, vma) : SoftleafFault(w, f, vma);
    if ((fault & kFaultWait) != 0) return ScanResult::kMigrating;
    if (fault != kVmFaultOk) return ScanResult::kFail;
  }
  return ScanResult::kSucceed;
}

// __collapse_huge_page_isolate(): everything must be present by now.
ScanResult CheckAgain(const World& w, MmId mm, const Vma& vma, Vpn first,
                      const CollapseLimits& limits) {
  const PageTable& table = w.mm(mm).table;
  for (std::uint64_t i = 0; i < table.PmdPages(); ++i) {
    const Word word = table.GetPte(first + i);
    if (NoneOrZero(w, word)) {
      if (vma.UffdArmed()) return ScanResult::kExceedNonePte;
      continue;
    }
    if (!w.arch->Present(Form::kPte, word)) return ScanResult::kPteNonPresent;
    const ScanResult result = CheckPresent(w, word, limits);
    if (result != ScanResult::kSucceed) return result;
  }
  return ScanResult::kSucceed;
}

// __collapse_huge_page_copy(): the new folio takes the place of the table.
void ReplaceTable(World& w, MmId mm, const Vma& vma, Vpn first, std::uint8_t node) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(mm).table;
  const Vpn last = first + table.PmdPages();
  NotifyInvalidate(w, mm, first, last);
  const Pfn head = NewHugeAnon(w, vma, first, node);
  for (std::uint32_t i = 0; i < table.PmdPages(); ++i) {
    const Word word = table.GetPte(first + i);
    if (NoneOrZero(w, word)) continue;
    const Pfn old_page = arch.PfnOf(Form::kPte, word);
    w.frames[head + i].content = LookAtContent(w, old_page);
    table.SetPte(first + i, arch.NoneWord(Form::kPte));
    UnmapFrames(w, old_page, 1);
  }
  table.DropPteTable(first);
  table.SetPmd(first, HugeAnonWord(w, vma, head));
  w.steps->site.flush_collapsed(w, mm, first, last);
}

}  // namespace

bool CollapseRefusesPresent(const World& w, Word word) { return w.arch->Uffd(Form::kPte, word); }

bool CollapseRefusesSoftleaf(const World& w, Word word) {
  return SwpUffdAny(*w.arch, Form::kPte, word);
}

std::uint8_t NodeLoad::Target() const {
  return static_cast<std::uint8_t>(std::max_element(pages, pages + kNodes) - pages);
}

ScanResult PmdState(const World& w, MmId mm, Vpn vpn) {
  const PageTable& table = w.mm(mm).table;
  if (!w.arch->None(Form::kPmd, table.GetPmd(vpn))) {
    const Word pmd = table.GetPmd(vpn);
    const bool device =
        !w.arch->Present(Form::kPmd, pmd) && !IsMigration(Classify(*w.arch, Form::kPmd, pmd));
    return device ? ScanResult::kNoPteTable : ScanResult::kPmdMapped;
  }
  return table.HasPteTable(vpn) ? ScanResult::kSucceed : ScanResult::kNoPteTable;
}

bool CollapsePossible(const World& w, const Vma& vma) {
  if (HugeDisabled(vma, *w.arch) || vma.Has(kVmSpecial | kVmHugetlb)) return false;
  const std::uint64_t pages = w.arch->geometry().PmdPages();
  if (vma.pages() < pages || !HugeFits(w, vma, vma.end - pages)) return false;
  if (vma.Anonymous()) return vma.anon_vma != 0;
  return w.config.shmem_thp != WorldConfig::ShmemThp::kDeny;
}

CollapseLimits ForcedLimits(const World& w) {
  const std::uint64_t pages = w.arch->geometry().PmdPages();
  return {.daemon = false, .none = pages, .swap = pages, .shared = pages};
}

CollapseLimits KhugepagedLimits(const World& w) {
  const std::uint64_t pages = w.arch->geometry().PmdPages();
  return {.daemon = true, .none = pages - 1, .swap = pages / 8, .shared = pages / 2};
}

ScanResult CollapseAnon(World& w, MmId mm, Vma& vma, Vpn first, const CollapseLimits& limits) {
  const ScanResult state = PmdState(w, mm, first);
  if (state != ScanResult::kSucceed) return state;
  const Scan scan = ScanTable(w, mm, vma, first, limits);
  if (scan.result != ScanResult::kSucceed) return scan.result;
  if (!HugePageAvailable(w)) return ScanResult::kAllocHugePage;
  if (scan.unmapped != 0) {
    const ScanResult swapped = SwapInRange(w, mm, vma, first);
    if (swapped != ScanResult::kSucceed) return swapped;
  }
  const ScanResult checked = CheckAgain(w, mm, vma, first, limits);
  if (checked == ScanResult::kSucceed) ReplaceTable(w, mm, vma, first, scan.load.Target());
  return checked;
}

std::optional<Errno> CollapseRange(World& w, MmId mm, Vma& vma, Vpn first, Vpn last) {
  if (!CollapsePossible(w, vma)) return Errno::kEINVAL;
  const std::uint64_t pages = w.arch->geometry().PmdPages();
  const Vpn begin = PmdStart(w, first + (pages - 1));
  const Vpn end = PmdStart(w, last);
  const CollapseLimits limits = ForcedLimits(w);
  ScanResult failed = ScanResult::kSucceed;
  for (Vpn vpn = begin; vpn < end; vpn = vpn + pages) {
    // hugepage_vma_revalidate(): the whole huge page has to lie in the VMA, not only in the range.
    const ScanResult result = vma.Anonymous() ? CollapseAnon(w, mm, vma, vpn, limits)
                                              : CollapseFile(w, mm, vma, vpn, limits);
    if (result == ScanResult::kMigrating) return std::nullopt;
    if (result != ScanResult::kSucceed && result != ScanResult::kPmdMapped) failed = result;
    if (!GoesOn(result)) break;
  }
  return failed == ScanResult::kSucceed ? Errno::kOk : ErrnoOf(failed);
}

}  // namespace uffdsim
