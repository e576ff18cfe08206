// Writes to present, not writable entries; unsharing.
//
// Mirrors: do_wp_page(), wp_page_reuse(), wp_page_copy(), wp_can_reuse_anon_folio() of mm/memory.c.
// Marker:  the WP test comes first; a write copy does not carry the uffd bit over (an armed RWP
// page
//          never gets here), an unshare copy does.
#include "model/path/alloc.h"
#include "model/path/fault_parts.h"
#include "model/path/huge.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

// wp_can_reuse_anon_folio() for a small folio: ours is the only reference.
bool SoleOwner(World& w, Pfn pfn) {
  Page& page = w.frames[pfn];
  if (page.Has(kPgKsm) || page.refs != 0 || page.pins != 0 || page.mapcount != 1) return false;
  if (page.Has(kPgSwapCache)) {
    if (w.swap[page.swap_slot].count != 0) return false;
    page.flags &= ~static_cast<std::uint32_t>(kPgSwapCache);
    page.flags |= kPgDirty;
    w.swap.DetachCache(page.swap_slot);
  }
  return true;
}

bool CanReuse(World& w, const FaultFrame& f, const Vma& vma, Pfn pfn) {
  const Page& page = w.frames[pfn];
  if (!page.Has(kPgAnon)) return false;
  if (page.Has(kPgAnonExclusive)) return true;
  if (page.order != 0) return CanReuseLargeAnon(w, f.mm, vma, pfn);
  return SoleOwner(w, pfn);
}

// wp_page_reuse()
void Reuse(World& w, const FaultFrame& f, const Vma& vma) {
  const Arch& arch = *w.arch;
  Word word = arch.MkDirty(Form::kPte, arch.MkYoung(Form::kPte, f.orig));
  if (vma.Has(kVmWrite)) word = arch.MkWrite(Form::kPte, word);
  w.mm(f.mm).table.SetPte(f.vpn, word);
}

}  // namespace

std::uint32_t WpFault(World& w, FaultFrame& f, Vma& vma) {
  const Arch& arch = *w.arch;
  if (!SameEntry(w, f)) return kVmFaultOk;
  const bool unshare = (f.flags & kFaultUnshare) != 0;
  if (!unshare && w.steps->site.wp_marked(w, vma, Form::kPte, f.orig)) {
    if (!w.ctx(vma.ctx).Has(kFeatureWpAsync)) {
      f.reason = UffdReason::kWp;
      return kFaultDeliver;
    }
    f.orig = w.steps->site.wp_resolved(w, f.orig);
    w.mm(f.mm).table.SetPte(f.vpn, f.orig);
    EmitLoss(w, f.mm, f.vpn, f.vpn + 1, Cause::kAsyncResolve);
  }
  const Pfn pfn = arch.PfnOf(Form::kPte, f.orig);
  if (vma.Has(kVmShared | kVmMayshare)) {
    w.frames.Head(pfn).MarkDirty();
    Reuse(w, f, vma);
    return kVmFaultOk;
  }
  if (CanReuse(w, f, vma, pfn)) {
    w.frames[pfn].flags |= kPgAnonExclusive;
    if (!unshare) Reuse(w, f, vma);
    return kVmFaultOk;
  }
  f.folio = pfn;
  return kFaultCopy;
}

bool WpMarked(const World& w, const Vma& vma, Form form, Word word) {
  return vma.UffdWp() && w.arch->Uffd(form, word);
}

Word WpResolved(const World& w, Word word) { return w.arch->ClearUffd(Form::kPte, word); }

Word CopiedEntry(const World& w, const Vma& vma, Word word, Pfn copy, bool unshare) {
  const Arch& arch = *w.arch;
  Word made = arch.MkYoung(Form::kPte, arch.Make(Form::kPte, copy, vma.page_prot));
  if (unshare) {
    if (arch.SoftDirty(Form::kPte, word)) made = arch.MkSoftDirty(Form::kPte, made);
    return arch.Uffd(Form::kPte, word) ? arch.MkUffd(Form::kPte, made) : made;
  }
  made = arch.MkDirty(Form::kPte, made);
  return vma.Has(kVmWrite) ? arch.MkWrite(Form::kPte, made) : made;
}

std::uint32_t CopyFault(World& w, FaultFrame& f, Vma& vma) {
  // The copy is taken without the lock, so the entry is checked again before it is replaced.
  if (!SameEntry(w, f)) return kVmFaultOk;
  const bool unshare = (f.flags & kFaultUnshare) != 0;
  PrepareAnonVma(w, f.mm, vma);
  if (!PageAvailable(w)) return kVmFaultOom;
  const Pfn pfn = NewAnonPage(w, vma, f.vpn, LookAtContent(w, f.folio));
  NotifyInvalidate(w, f.mm, f.vpn, f.vpn + 1);
  Word word = w.steps->site.copied_entry(w, vma, f.orig, pfn, unshare);
  // An armed page gets here only by force, in a VMA that permits nothing.
  if (!unshare && IsArmed(w, vma, Form::kPte, f.orig) &&
      w.steps->site.forced_copy_keeps_mark(w, vma)) {
    word = w.steps->site.restore_uffd(w, vma, Form::kPte, word, true);
  }
  MapFrames(w, pfn, 1);
  w.mm(f.mm).table.SetPte(f.vpn, word);
  w.steps->site.flush_copied(w, f.mm, f.vpn, f.vpn + 1);
  UnmapFrames(w, f.folio, 1);
  return kVmFaultOk;
}

}  // namespace uffdsim
