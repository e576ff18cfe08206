// Protection changes and discarding at PMD level.
//
// Mirrors: change_huge_pmd(), change_non_present_huge_pmd(), zap_huge_pmd() of mm/huge_memory.c,
//          pgtable_split_needed() of mm/mprotect.c.
// Marker:  the formula of PTEs. Marks of files live at PTE level only, so protecting a file PMD
//          erases it: WP then puts markers there, RWP has none and protects nothing.
#include "model/mm/entry.h"
#include "model/path/change_protection.h"
#include "model/path/huge.h"
#include "model/path/numa_filter.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

bool SplitNeeded(const Vma& vma, ProtOp op) {
  return (op == ProtOp::kWp || op == ProtOp::kRwp) && !vma.Anonymous();
}

// Nothing to do: already armed or hinted, or no page that the NUMA scanner wants.
bool LeftAlone(const World& w, MmId mm, const Vma& vma, Word pmd, ProtOp op) {
  const Arch& arch = *w.arch;
  const bool protnone = arch.Protnone(Form::kPmd, pmd);
  if (op == ProtOp::kRwp) return w.steps->site.already_armed(w, Form::kPmd, pmd);
  if (op != ProtOp::kNuma) return false;
  return protnone || !NumaSuitable(w, mm, vma, arch.PfnOf(Form::kPmd, pmd));
}

Word ProtectedSoftleaf(const World& w, const Vma& vma, Word pmd, ProtOp op) {
  const Pfn pfn = SoftleafPfn(*w.arch, Form::kPmd, pmd);
  return w.steps->site.protected_nonpresent(w, vma, Form::kPmd, pmd, op,
                                            w.frames.Head(pfn).Has(kPgAnon));
}

// zap_huge_pmd_folio()
void ZapFolio(World& w, Word pmd) {
  const Arch& arch = *w.arch;
  const auto pages = static_cast<std::uint32_t>(arch.geometry().PmdPages());
  if (!arch.Present(Form::kPmd, pmd)) {
    // A migration entry holds no map count; a device entry does.
    if (!IsDevicePrivate(Classify(arch, Form::kPmd, pmd))) return;
    UnmapFrames(w, SoftleafPfn(arch, Form::kPmd, pmd), pages);
    return;
  }
  const Pfn head = arch.PfnOf(Form::kPmd, pmd);
  Page& folio = w.frames[head];
  if (folio.Has(kPgZero)) return;
  if (!folio.Has(kPgAnon)) {
    if (arch.Dirty(Form::kPmd, pmd)) folio.MarkDirty();
    if (arch.Young(Form::kPmd, pmd)) folio.flags |= kPgReferenced;
  }
  UnmapFrames(w, head, pages);
}

}  // namespace

PmdOutcome PmdChangeProtection(World& w, MmId mm, Vma& vma, Vpn first, Vpn last, ProtOp op,
                               std::uint64_t* changed) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(mm).table;
  if (last - first != table.PmdPages() || SplitNeeded(vma, op)) {
    SplitPmd(w, mm, vma, first);
    return PmdOutcome::kSplit;
  }
  if (op == ProtOp::kNuma && !arch.SupportsPmdSoftleaves()) return PmdOutcome::kDone;
  const Word old_word = table.GetPmd(first);
  if (!arch.Present(Form::kPmd, old_word)) {
    table.SetPmd(first, ProtectedSoftleaf(w, vma, old_word, op));
    return PmdOutcome::kDone;
  }
  if (LeftAlone(w, mm, vma, old_word, op)) return PmdOutcome::kDone;
  table.SetPmd(first, w.steps->site.protected_present(w, vma, Form::kPmd, old_word, op));
  *changed += last - first;
  return PmdOutcome::kDone;
}

// No page of a huge mapping is spared: private copies of file pages are mapped by PTEs.
PmdZap ZapPmd(World& w, MmId mm, const Vma& vma, Vpn first, Vpn last, ZapCowed) {
  PageTable& table = w.mm(mm).table;
  if (last - first != table.PmdPages()) {
    SplitPmd(w, mm, vma, first);
    return PmdZap::kSplit;
  }
  const Word pmd = table.GetPmd(first);
  table.SetPmd(first, w.arch->NoneWord(Form::kPmd));
  ZapFolio(w, pmd);
  return PmdZap::kDone;
}

}  // namespace uffdsim
