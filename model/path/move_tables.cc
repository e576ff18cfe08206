// mremap(): moving page-table entries.
//
// Mirrors: move_page_tables(), move_ptes(), move_normal_pmd() of mm/mremap.c, move_huge_pmd() of
//          mm/huge_memory.c, move_huge_pte() of mm/hugetlb.c.
#include <algorithm>

#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/hugetlb.h"
#include "model/path/mremap.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

// A move in progress (struct pagetable_move_control).
struct Move {
  MmId mm{};
  const Vma* old_vma = nullptr;
  const Vma* new_vma = nullptr;
  Vpn from{};
  Vpn to{};
  Vpn end{};  // of the source
  MoveMarks marks{};
  bool whole_tables = false;  // uffd_supports_page_table_move()
};

bool Unmapped(const VmaTree& vmas, Vpn first, Vpn last) {
  const std::size_t i = vmas.LowerBound(first);
  return i == vmas.list().size() || vmas.list()[i].start >= last;
}

// can_align_down(): the address starts its VMA and nothing is mapped below it in the same table.
bool CanAlignDown(const World& w, const Move& m, const Vma& vma, Vpn vpn, std::uint64_t span) {
  if (vma.start != vpn) return false;
  return Unmapped(w.mm(m.mm).vmas, Vpn(vpn.value & ~(span - 1)), vma.start);
}

// try_realign_addr(): a move that reaches the end of its first table takes the whole table, if what
// lies before it is empty on both sides.
void TryRealign(const World& w, std::uint64_t span, Move* m) {
  const std::uint64_t offset = m->from.value & (span - 1);
  if (offset == 0 || (m->end - m->from) < span - offset) return;
  if ((m->to.value & (span - 1)) != offset) return;
  if (!CanAlignDown(w, *m, *m->old_vma, m->from, span) ||
      !CanAlignDown(w, *m, *m->new_vma, m->to, span)) {
    return;
  }
  m->from = m->from - offset;
  m->to = m->to - offset;
}

// get_extent(): up to the next table boundary on either side.
std::uint64_t ExtentOf(const Move& m, std::uint64_t span) {
  const std::uint64_t old_left = span - (m.from.value & (span - 1));
  const std::uint64_t new_left = span - (m.to.value & (span - 1));
  return std::min({old_left, new_left, m.end - m.from});
}

// move_huge_pmd()
bool MovePmdLeaf(World& w, const Move& m, Word word) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(m.mm).table;
  if (!arch.None(Form::kPmd, table.GetPmd(m.to)) || table.HasPteTable(m.to)) return false;
  table.SetPmd(m.from, arch.NoneWord(Form::kPmd));
  table.SetPmd(m.to, arch.Present(Form::kPmd, word)
                         ? w.steps->site.moved_present(w, *m.old_vma, m.marks, Form::kPmd, word)
                         : w.steps->site.moved_softleaf(w, m.marks, Form::kPmd, word));
  return true;
}

// move_normal_pmd(): the entries do not change at all.
bool MoveWholeTable(World& w, const Move& m) {
  PageTable& table = w.mm(m.mm).table;
  if (!m.whole_tables || table.HasPteTable(m.to)) return false;
  table.MovePmdSlot(m.from, m.to);
  return true;
}

// move_ptes()
void MovePtes(World& w, const Move& m, std::uint64_t pages) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(m.mm).table;
  for (std::uint64_t i = 0; i < pages; ++i) {
    const Word word = table.GetPte(m.from + i);
    if (arch.None(Form::kPte, word)) continue;
    table.SetPte(m.from + i, arch.NoneWord(Form::kPte));
    table.SetPte(m.to + i,
                 arch.Present(Form::kPte, word)
                     ? w.steps->site.moved_present(w, *m.old_vma, m.marks, Form::kPte, word)
                     : w.steps->site.moved_softleaf(w, m.marks, Form::kPte, word));
  }
}

// One step of the loop in move_page_tables(), within one PMD slot on both sides. False when there
// is no memory for the new tables.
bool MoveSlot(World& w, const Move& m, std::uint64_t pages) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(m.mm).table;
  const Word pmd = table.GetPmd(m.from);
  const bool leaf = !arch.None(Form::kPmd, pmd);
  if (!leaf && !table.HasPteTable(m.from)) return true;
  if (!AllocPmdTable(w, m.mm, m.to)) return false;
  const bool whole = pages == table.PmdPages();
  if (leaf) {
    if (whole && MovePmdLeaf(w, m, pmd)) return true;
    SplitPmd(w, m.mm, *m.old_vma, m.from);
    if (!table.HasPteTable(m.from)) return true;
  } else if (whole && MoveWholeTable(w, m)) {
    return true;
  }
  if (!AllocPteTable(w, m.mm, m.to)) return false;
  MovePtes(w, m, pages);
  return true;
}

// Returns where it stopped.
Vpn MoveHugetlb(World& w, Move m) {
  const Arch& arch = *w.arch;
  const std::uint64_t span = HugePages(w, *m.old_vma);
  for (; m.from < m.end; m.from = m.from + span, m.to = m.to + span) {
    const Word word = HugeEntry(w, m.mm, *m.old_vma, m.from);
    if (arch.None(Form::kPte, word)) continue;
    if (!AllocHugeTable(w, m.mm, *m.new_vma, m.to)) break;
    SetHugeEntry(w, m.mm, *m.old_vma, m.from, arch.NoneWord(Form::kPte));
    SetHugeEntry(w, m.mm, *m.new_vma, m.to,
                 w.steps->site.moved_hugetlb(w, *m.old_vma, m.marks, word));
  }
  return m.from;
}

}  // namespace

Word MovedWithoutMark(const World& w, const Vma& vma, Form form, Word word) {
  if (vma.UffdRwp() && w.arch->Uffd(form, word)) word = w.arch->Modify(form, word, vma.page_prot);
  return w.arch->ClearUffd(form, word);
}

bool MovesWholeTables(const World& w, const Vma& old_vma, const Vma& new_vma) {
  return w.steps->site.marks_on_move(w, old_vma) == MoveMarks::kKeep &&
         w.steps->site.marks_on_move(w, new_vma) == MoveMarks::kKeep;
}

bool CopiedVmaMerges(const World& w, const Vma& old_vma) {
  return old_vma.ctx == CtxId(0) || w.ctx(old_vma.ctx).Has(kFeatureEventRemap);
}

MoveMarks MarksOnMove(const World& w, const Vma& vma) {
  return vma.ctx != CtxId(0) && !w.ctx(vma.ctx).Has(kFeatureEventRemap) ? MoveMarks::kDrop
                                                                        : MoveMarks::kKeep;
}

Word MovedPresent(const World& w, const Vma& vma, MoveMarks marks, Form form, Word word) {
  word = w.arch->MkSoftDirty(form, word);
  return marks == MoveMarks::kDrop ? w.steps->site.moved_without_mark(w, vma, form, word) : word;
}

Word MovedSoftleaf(const World& w, MoveMarks marks, Form form, Word word) {
  // A PMD softleaf of another kind than migration keeps its soft-dirty state.
  if (form == Form::kPte || IsMigration(Classify(*w.arch, form, word))) {
    word = w.arch->SwpMkSoftDirty(form, word);
  }
  if (marks == MoveMarks::kKeep) return word;
  if (form == Form::kPte && IsUffdWpMarker(*w.arch, word)) return w.arch->NoneWord(form);
  return w.arch->SwpClearUffd(form, word);
}

Word MovedHugetlb(const World& w, const Vma& vma, MoveMarks marks, Word word) {
  if (marks == MoveMarks::kKeep) return word;
  if (w.arch->Present(Form::kPte, word)) {
    return w.steps->site.moved_without_mark(w, vma, Form::kPte, word);
  }
  if (IsUffdWpMarker(*w.arch, word)) return w.arch->NoneWord(Form::kPte);
  return w.arch->SwpClearUffd(Form::kPte, word);
}

std::uint64_t MovePageTables(World& w, MmId mm, const Vma& old_vma, const Vma& new_vma, Vpn from,
                             Vpn to, std::uint64_t pages) {
  Move m{.mm = mm,
         .old_vma = &old_vma,
         .new_vma = &new_vma,
         .from = from,
         .to = to,
         .end = from + pages,
         .marks = w.steps->site.marks_on_move(w, old_vma)};
  m.whole_tables = w.steps->site.moves_whole_tables(w, old_vma, new_vma);
  NotifyInvalidate(w, mm, from, m.end);
  if (old_vma.Hugetlb()) {
    m.from = MoveHugetlb(w, m);
  } else {
    const std::uint64_t span = w.mm(mm).table.PmdPages();
    TryRealign(w, span, &m);
    while (m.from < m.end) {
      const std::uint64_t extent = ExtentOf(m, span);
      if (!MoveSlot(w, m, extent)) break;
      m.from = m.from + extent;
      m.to = m.to + extent;
    }
  }
  const Vpn stopped = std::max(m.from, from);
  w.steps->site.flush_moved_tables(w, mm, from, stopped);
  // Where the registration goes along, marks are due at the new place; the pages left behind have
  // none in any case.
  if (MarksOnMove(w, old_vma) == MoveMarks::kKeep) EmitInherit(w, mm, from, stopped, mm, to);
  EmitLoss(w, mm, from, stopped, Cause::kMremap);
  return stopped - from;
}

}  // namespace uffdsim
