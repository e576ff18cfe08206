#include "model/path/prot.h"

#include "model/path/step_table.h"

namespace uffdsim {
namespace {

Pgprot PgprotOf(const World& w, VmFlags flags) {
  return w.arch->ProtectionMap((flags & kVmRead) != 0, (flags & kVmWrite) != 0,
                               (flags & kVmExec) != 0, (flags & kVmShared) != 0);
}

}  // namespace

bool WantsWritenotify(const World& w, const Vma& vma) {
  if ((vma.flags & (kVmWrite | kVmShared)) != (kVmWrite | kVmShared)) return false;
  if (SoftDirtyEnabled(w, vma) && !vma.Hugetlb()) return true;
  return vma.UffdWp();
}

void SetPageProt(const World& w, Vma& vma) {
  VmFlags flags = vma.flags;
  if (w.steps->site.wants_writenotify(w, vma)) flags &= ~kVmShared;
  vma.page_prot = PgprotOf(w, flags);
}

bool SoftDirtyEnabled(const World& w, const Vma& vma) {
  return w.arch->SupportsSoftDirty() && !vma.Has(kVmSoftdirty);
}

bool WantsManualUpgrade(const World&, const Vma& vma) {
  // For a shared mapping the kernel asks whether write notification is still wanted *with the
  // protection already lowered*; without a page_mkwrite hook that is always "no".
  return !vma.Shared() && vma.Has(kVmWrite);
}

bool MayUpgrade(const World& w, const Vma& vma, Form form, Word word) {
  const Arch& arch = *w.arch;
  if (!vma.Has(kVmWrite) || arch.Protnone(form, word)) return false;
  if (SoftDirtyEnabled(w, vma) && !arch.SoftDirty(form, word)) return false;
  if (vma.UffdWp() && arch.Uffd(form, word)) return false;
  if (vma.Shared()) return arch.Dirty(form, word);
  const Page& page = w.frames[arch.PfnOf(form, word)];
  return !page.Has(kPgZero) && page.Has(kPgAnonExclusive) &&
         w.frames.Head(arch.PfnOf(form, word)).Has(kPgAnon);
}

bool UseMarkers(const World& w, const Vma& vma) {
  if (!vma.UffdWp()) return false;
  if (!vma.Anonymous()) return true;
  return w.ctx(vma.ctx).Has(kFeatureWpUnpopulated);
}

bool IsArmed(const World& w, const Vma& vma, Form form, Word word) {
  return vma.UffdRwp() && w.arch->Present(form, word) && w.arch->Protnone(form, word) &&
         w.arch->Uffd(form, word);
}

Word RestoreUffd(const World& w, const Vma& vma, Form form, Word word, bool marked) {
  if (!marked) return word;
  word = w.arch->MkUffd(form, word);
  if (vma.UffdRwp()) {
    word = w.arch->Modify(form, word, w.arch->PageNone());
  }
  return word;
}

}  // namespace uffdsim
