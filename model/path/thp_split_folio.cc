// Splitting large folios.
//
// Mirrors: __folio_split(), unmap_folio(), remap_page() of mm/huge_memory.c,
//          try_to_map_unused_to_zeropage() of mm/migrate.c.
// Marker:  anonymous mappings go through migration entries, which carry the mark; a subpage that
//          holds only zeroes is replaced by the zero page with the same mark. Mappings of files are
//          erased: a WP VMA keeps a marker, an RWP VMA nothing.
#include <algorithm>

#include "model/path/migrate.h"
#include "model/path/prot.h"
#include "model/path/range.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/swap_out.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

// A migration holds the folio's lock from its first entry to the end; splitting only tries to take
// it.
bool UnderMigration(const World& w, Pfn head) {
  const auto migrates = [head](const std::vector<Task::Isolated>& folios) {
    return std::any_of(folios.begin(), folios.end(), [head](const Task::Isolated& folio) {
      return folio.to != Pfn(0) && (folio.from == head || folio.to == head);
    });
  };
  return migrates(w.open_migrations) ||
         std::any_of(w.tasks.begin(), w.tasks.end(), [&](const Task& t) {
           return t.state != Task::State::kFree && migrates(t.isolated);
         });
}

// folio_expected_ref_count(): besides its mappings and its cache only the caller may hold the
// folio.
bool Splittable(const World& w, Pfn head) {
  const Page& folio = w.frames[head];
  return !folio.Has(kPgZero | kPgHugetlb) && folio.refs <= 1 && !FolioPinned(w, head) &&
         !UnderMigration(w, head);
}

// Mappings of the folio after every PMD leaf was split.
std::vector<Mapping> PteMappingsOf(World& w, Pfn head) {
  for (const Mapping& m : MappingsOf(w, head)) {
    if (m.level == 0) continue;
    const Vma vma = *w.mm(m.mm).vmas.Find(m.vpn);
    SplitPmd(w, m.mm, vma, m.vpn);
  }
  return MappingsOf(w, head);
}

// --- marks ---------------------------------------------------------------------------------------
// try_to_migrate() and remove_migration_ptes() with nothing in between.
Word RemappedWord(const World& w, const Vma& vma, Word present, Pfn pfn) {
  const Page& page = w.frames[pfn];
  const Word entry =
      w.steps->site.migration_entry(w, Form::kPte, present, pfn, page.Has(kPgAnonExclusive));
  return w.steps->site.migrated(w, vma, Form::kPte, entry, pfn, page.Has(kPgDirty));
}

// --- anonymous folios ----------------------------------------------------------------------------
bool Unused(World& w, const Vma& vma, Pfn pfn) {
  const Page& page = w.frames[pfn];
  if (page.Has(kPgMlocked | kPgHwPoison) || vma.Has(kVmLocked)) return false;
  return LookAtContent(w, pfn) == 0;
}

// Maps the single page `m.pfn` again, or the zero page in its place.
void Remap(World& w, const Mapping& m) {
  PageTable& table = w.mm(m.mm).table;
  const Vma& vma = *w.mm(m.mm).vmas.Find(m.vpn);
  const Word word = table.GetPte(m.vpn);
  NotifyInvalidate(w, m.mm, m.vpn, m.vpn + 1);
  if (Unused(w, vma, m.pfn)) {
    table.SetPte(m.vpn, w.steps->site.unused_subpage(w, vma, word));
    UnmapFrames(w, m.pfn, 1);
  } else {
    table.SetPte(m.vpn, RemappedWord(w, vma, word, m.pfn));
  }
  w.steps->site.flush_split_folio(w, m.mm, m.vpn, m.vpn + 1);
}

void SplitAnon(World& w, Pfn head) {
  const std::uint32_t count = w.frames.Count(head);
  const std::vector<Mapping> mappings = PteMappingsOf(w, head);
  for (const Mapping& m : mappings) {
    const bool dirty = w.arch->Dirty(Form::kPte, w.mm(m.mm).table.GetPte(m.vpn));
    if (dirty) w.frames[head].flags |= kPgDirty;
  }
  w.frames.SplitTo(head, 0);
  // Subpages that nobody mapped; those that the zero page replaces go with their last mapping.
  for (std::uint32_t i = 0; i < count; ++i) {
    if (w.frames[head + i].mapcount == 0) MaybeFreeFolio(w, head + i);
  }
  for (const Mapping& m : mappings) Remap(w, m);
}

// --- page-cache folios ---------------------------------------------------------------------------
// Pieces beyond the end of the file leave the page cache; the first one stays.
void DropBeyondEnd(World& w, Pfn head, std::uint32_t count) {
  File& file = w.file(w.frames[head].file);
  for (Pfn piece = head + w.frames.Count(head); piece < head + count;) {
    const std::uint32_t pages = w.frames.Count(piece);
    const std::uint64_t index = w.frames[piece].index;
    if (index >= file.size) {
      for (std::uint32_t i = 0; i < pages; ++i) {
        file.cache.Set(index + i, CacheSlot{});
        w.frames[piece + i].file = FileId(0);
      }
      MaybeFreeFolio(w, piece);
    }
    piece = piece + pages;
  }
}

}  // namespace

Word UnusedSubpage(const World& w, const Vma& vma, Word present) {
  const Arch& arch = *w.arch;
  Word word = arch.MkSpecial(Form::kPte, arch.Make(Form::kPte, Frames::kZeroPage, vma.page_prot));
  if (arch.SoftDirty(Form::kPte, present)) word = arch.MkSoftDirty(Form::kPte, word);
  return w.steps->site.restore_uffd(w, vma, Form::kPte, word, arch.Uffd(Form::kPte, present));
}

void UnmapCacheFolio(World& w, Pfn head, Cause cause) {
  const Arch& arch = *w.arch;
  for (const Mapping& m : PteMappingsOf(w, head)) {
    PageTable& table = w.mm(m.mm).table;
    const Vma& vma = *w.mm(m.mm).vmas.Find(m.vpn);
    const Word word = table.GetPte(m.vpn);
    NotifyInvalidate(w, m.mm, m.vpn, m.vpn + 1);
    if (arch.Dirty(Form::kPte, word)) w.frames[head].flags |= kPgDirty;
    table.SetPte(m.vpn, w.steps->site.file_unmapped(w, vma, word));
    w.steps->site.flush_cache_unmapped(w, m.mm, m.vpn, m.vpn + 1);
    UnmapFrames(w, m.pfn, 1);
    EmitLoss(w, m.mm, m.vpn, m.vpn + 1, cause);
  }
}

bool FolioPartlyMapped(const World& w, Pfn head) {
  if (w.frames[head].order < 2 || !w.frames[head].Has(kPgAnon)) return false;
  if (w.frames[head].Has(kPgPartlyMapped)) return true;
  std::uint32_t mapped = 0;
  for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) {
    if (w.frames[head + i].mapcount != 0) ++mapped;
  }
  return mapped != 0 && mapped != w.frames.Count(head);
}

bool SplitFolio(World& w, Pfn head) {
  if (!Splittable(w, head)) return false;
  if (w.frames[head].Has(kPgAnon)) {
    SplitAnon(w, head);
    return true;
  }
  // Truncated, or on its way to swap.
  if (w.frames[head].file == FileId(0)) return false;
  const std::uint32_t count = w.frames.Count(head);
  UnmapCacheFolio(w, head, Cause::kHugeUnmap);
  w.frames.SplitTo(head, 0);
  DropBeyondEnd(w, head, count);
  return true;
}

// split_huge_pages_in_pid() of mm/huge_memory.c, or only the mappings, as a partial mprotect does.
void Start_split(World& w, Task& t) {
  const NamedPages range = RangeOf(w, t.op);
  std::int64_t split = 0;
  for (Vpn vpn = range.first; vpn < range.last; ++vpn) {
    const RangePage page = PageAt(w, t.mm, vpn);
    if (page.vma == nullptr || page.vma->Hugetlb()) continue;
    if ((t.op.flags & kOpPmd) != 0) {
      if (page.level != 1) continue;
      SplitPmd(w, t.mm, *page.vma, vpn);
      ++split;
      continue;
    }
    const Pfn pfn = FrameAt(w, page);
    if (pfn == Pfn(0) || w.frames.Head(pfn).order == 0) continue;
    if (SplitFolio(w, w.frames.HeadOf(pfn))) ++split;
  }
  Succeed(t, split);
}

bool SplitCacheFolioAt(World& w, Pfn head, Pfn at) {
  if (!Splittable(w, head)) return false;
  const std::uint32_t count = w.frames.Count(head);
  UnmapCacheFolio(w, head, Cause::kHugeUnmap);
  for (unsigned order = w.frames[head].order; order > 0; --order) {
    w.frames.SplitTo(w.frames.HeadOf(at), order - 1);
  }
  DropBeyondEnd(w, head, count);
  return true;
}

}  // namespace uffdsim
