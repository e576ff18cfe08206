// Writes to PMD leaves that are not writable; reusing frames of large anonymous folios.
//
// Mirrors: wp_huge_pmd(), __wp_can_reuse_large_anon_folio() of mm/memory.c, do_huge_pmd_wp_page(),
//          do_huge_zero_wp_pmd() of mm/huge_memory.c.
// Marker:  WP_ASYNC splits the leaf, so that only the touched page loses its mark; RWP never comes
//          here.
#include <algorithm>

#include "model/path/fault_parts.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/swap_out.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

// do_huge_zero_wp_pmd()
std::uint32_t ReplaceHugeZero(World& w, const FaultFrame& f, const Vma& vma) {
  const Vpn first = PmdStart(w, f.vpn);
  const Vpn last = first + w.arch->geometry().PmdPages();
  NotifyInvalidate(w, f.mm, first, last);
  w.mm(f.mm).table.SetPmd(first, HugeAnonWord(w, vma, NewHugeAnon(w, vma, f.vpn, vma.node())));
  w.steps->site.flush_huge_zero_replaced(w, f.mm, first, last);
  return kVmFaultOk;
}

// The mapping's reference is the only one. The swap cache gives its own back if it can.
bool SoleOwner(World& w, Pfn head) {
  FreeSwapIfUnused(w, head);
  const Page& folio = w.frames[head];
  return !folio.Has(kPgSwapCache) && folio.refs == 0 && !FolioPinned(w, head) &&
         FolioMapcount(w, head) == w.frames.Count(head);
}

std::uint32_t AnonLeafWrite(World& w, const FaultFrame& f, const Vma& vma) {
  const Arch& arch = *w.arch;
  const Pfn head = arch.PfnOf(Form::kPmd, f.orig);
  if (w.frames[head].Has(kPgZero)) return ReplaceHugeZero(w, f, vma);
  if (!w.frames[head].Has(kPgAnonExclusive)) {
    if (!SoleOwner(w, head)) {
      SplitPmd(w, f.mm, vma, f.vpn);
      return kFaultPtes;
    }
    w.frames[head].flags |= kPgAnonExclusive;
  }
  if ((f.flags & kFaultUnshare) != 0) return kVmFaultOk;
  Word word = arch.MkDirty(Form::kPmd, arch.MkYoung(Form::kPmd, f.orig));
  if (vma.Has(kVmWrite)) word = arch.MkWrite(Form::kPmd, word);
  w.mm(f.mm).table.SetPmd(f.vpn, word);
  return kVmFaultOk;
}

}  // namespace

std::uint32_t PmdWpFault(World& w, FaultFrame& f, Vma& vma) {
  if (vma.Anonymous()) {
    const bool unshare = (f.flags & kFaultUnshare) != 0;
    const bool marked = w.steps->site.wp_marked(w, vma, Form::kPmd, f.orig);
    if (unshare || !marked) return AnonLeafWrite(w, f, vma);
    if (!w.ctx(vma.ctx).Has(kFeatureWpAsync)) {
      f.reason = UffdReason::kWp;
      return kFaultDeliver;
    }
  }
  SplitPmd(w, f.mm, vma, f.vpn);
  return kFaultPtes;
}

bool CanReuseLargeAnon(World& w, MmId mm, const Vma&, Pfn pfn) {
  // With one page left it is better to let the folio go.
  if (FolioMapcount(w, pfn) <= 1) return false;
  const Pfn head = w.frames.HeadOf(pfn);
  const std::vector<Mapping> mappings = MappingsOf(w, head);
  const bool ours =
      std::all_of(mappings.begin(), mappings.end(), [&](const Mapping& m) { return m.mm == mm; });
  if (!ours) return false;
  FreeSwapIfUnused(w, head);
  const Page& folio = w.frames[head];
  return !folio.Has(kPgSwapCache) && folio.refs == 0 && !FolioPinned(w, head);
}

}  // namespace uffdsim
