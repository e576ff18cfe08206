// MADV_PAGEOUT: takes the pages of a range off the reclaim lists and reclaims them at once.
//
// Mirrors: madvise_cold_or_pageout_pte_range() of mm/madvise.c, reclaim_pages() and
//          shrink_folio_list() of mm/vmscan.c. References are ignored: a young page goes too.
// Rules:   only folios whose every mapping lies in the range are touched; large ones that reach
// beyond
//          it are split. The kernel isolates a page table's worth before it reclaims; here each
//          folio is isolated and reclaimed in turn, in steps between which others can fault on its
//          entries.
#include <algorithm>

#include "model/path/paths.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/swap_out.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

struct PageoutFrame {
  MmId mm{};
  Vpn cur{};
  Vpn last{};
  Pfn folio{};              // isolated, being reclaimed
  bool pressure = false;    // not asked for by the process: whatever backs the range
  std::uint64_t freed = 0;  // pages
};

enum PageoutStep : std::uint8_t { kIsolate, kAddToSwap, kUnmap, kWrite, kFree };

enum class Found : std::uint8_t { kFolio, kNothing };

bool OfUnevictableFile(const World& w, Pfn head) {
  const FileId file = w.frames[head].file;
  return file != FileId(0) && Unevictable(w.files[file.value].kind);
}

// The PMD leaf at f.cur: a huge page that is mapped only here and lies wholly in the range is
// taken; one that does not is split, and the walk goes on in its PTEs.
Found LookAtPmd(World& w, PageoutFrame& f, Word pmd) {
  const Arch& arch = *w.arch;
  const Vpn next = std::min(f.last, Vpn((f.cur.value | (w.mm(f.mm).table.PmdPages() - 1)) + 1));
  const bool whole = next - f.cur == w.mm(f.mm).table.PmdPages();
  const Vpn start = f.cur;
  f.cur = next;
  if (!arch.Present(Form::kPmd, pmd)) return Found::kNothing;
  const Pfn head = w.frames.HeadOf(arch.PfnOf(Form::kPmd, pmd));
  if (w.frames[head].Has(kPgZero) || FolioMappedShared(w, head)) return Found::kNothing;
  if (!whole) {
    if (SplitFolio(w, head)) f.cur = start;
    return Found::kNothing;
  }
  f.folio = head;
  return IsolateFolio(w, head) ? Found::kFolio : Found::kNothing;
}

Found LookAtPte(World& w, PageoutFrame& f, Word word) {
  const Arch& arch = *w.arch;
  const Vpn start = f.cur;
  ++f.cur;
  if (arch.None(Form::kPte, word) || !arch.Present(Form::kPte, word)) return Found::kNothing;
  const Pfn pfn = arch.PfnOf(Form::kPte, word);
  if (w.frames[pfn].Has(kPgZero)) return Found::kNothing;
  const Pfn head = w.frames.HeadOf(pfn);
  const std::uint32_t count = w.frames.Count(pfn);
  if (count > 1) {
    const Vpn end = std::min(f.last, PmdStart(w, start) + w.mm(f.mm).table.PmdPages());
    const std::uint32_t batch = FolioPteBatch(w, f.mm, start, end);
    f.cur = start + batch;
    if (batch < count) {
      if (!FolioMappedShared(w, head) && SplitFolio(w, head)) f.cur = start;
      return Found::kNothing;
    }
  }
  if (FolioMapcount(w, head) != count || OfUnevictableFile(w, head)) return Found::kNothing;
  f.folio = head;
  return IsolateFolio(w, head) ? Found::kFolio : Found::kNothing;
}

Next IsolateAny(World& w, Task& t, PageoutFrame& f) {
  f.folio = TakeReclaimable(w, f.mm, &f.cur, f.last);
  if (f.folio != Pfn(0)) return Next::Continue();
  Succeed(t, static_cast<std::int64_t>(f.freed));
  return Next::Return();
}

Next Isolate(World& w, Task& t, PageoutFrame& f) {
  if (f.pressure) return IsolateAny(w, t, f);
  while (f.cur < f.last) {
    const PageTable& table = w.mm(f.mm).table;
    f.cur = table.NextMapped(f.cur, f.last);
    if (f.cur >= f.last) break;
    const Word pmd = table.GetPmd(f.cur);
    const Found found =
        w.arch->None(Form::kPmd, pmd) ? LookAtPte(w, f, table.GetPte(f.cur)) : LookAtPmd(w, f, pmd);
    if (found == Found::kFolio) return Next::Continue();
  }
  return Next::Return();
}

Next Keep(World& w, PageoutFrame& f) {
  PutbackFolio(w, f.folio);
  return Next::Goto(kIsolate);
}

// Anonymous memory needs a swap slot before it can be unmapped; a huge page that gets no contiguous
// ones is split and goes page by page.
Next Prepare(World& w, Task&, PageoutFrame& f) {
  const Page& folio = w.frames[f.folio];
  if (!folio.Has(kPgAnon) || !folio.Has(kPgSwapBacked) || folio.Has(kPgSwapCache)) {
    return Next::Continue();
  }
  if (FolioPinned(w, f.folio)) return Keep(w, f);
  if (AddToSwap(w, f.folio)) return Next::Continue();
  const std::uint32_t count = w.frames.Count(f.folio);
  const std::vector<Mapping> at = MappingsOf(w, f.folio);
  const Pfn head = f.folio;
  const Next next = Keep(w, f);
  if (count > 1 && !at.empty() && SplitFolio(w, head)) {
    f.cur = f.pressure ? Vpn(f.cur.value - 1) : at.front().vpn;
  }
  return next;
}

Next Unmap(World& w, Task&, PageoutFrame& f) {
  if (!TryToUnmap(w, f.folio, Ttu::kReclaim) || FolioMapcount(w, f.folio) != 0) return Keep(w, f);
  return FolioPinned(w, f.folio) ? Keep(w, f) : Next::Continue();
}

Next Write(World& w, Task&, PageoutFrame& f) {
  // Somebody may have faulted it back in.
  if (FolioMapcount(w, f.folio) != 0) return Keep(w, f);
  if (w.frames[f.folio].Has(kPgDirty) && !WriteOut(w, f.folio)) return Keep(w, f);
  return Next::Continue();
}

Next Free(World& w, Task&, PageoutFrame& f) {
  const std::uint64_t pages = w.frames.Count(f.folio);
  if (!RemoveMapping(w, f.folio)) return Keep(w, f);
  f.freed += pages;
  return Next::Goto(kIsolate);
}

constexpr Step kSteps[] = {
    StepOf<PageoutFrame, &Isolate>("isolate", kTouchVma | kTouchPte | kTouchFolio | kTouchTlb),
    StepOf<PageoutFrame, &Prepare>("add-to-swap", kTouchMemory),
    StepOf<PageoutFrame, &Unmap>("unmap", kTouchMemory),
    StepOf<PageoutFrame, &Write>("write", kTouchMemory),
    StepOf<PageoutFrame, &Free>("free", kTouchFolio | kTouchSwap | kTouchCache),
};

}  // namespace

const Path kPageoutPath = {"pageout", "mm/vmscan.c reclaim_pages()", kSteps};

void PushPageout(Task& t, MmId mm, Vpn first, Vpn last) {
  PushPath<PageoutFrame>(t, PathOf::k_pageout) = {.mm = mm, .cur = first, .last = last};
}

void PushReclaim(Task& t, MmId mm, Vpn first, Vpn last) {
  PushPath<PageoutFrame>(t, PathOf::k_pageout) = {
      .mm = mm, .cur = first, .last = last, .pressure = true};
}

}  // namespace uffdsim
