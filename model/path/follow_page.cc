#include "model/path/follow_page.h"

#include "model/path/hw_walk.h"
#include "model/path/prot.h"
#include "model/path/step_table.h"

namespace uffdsim {
namespace {

// PageAnonExclusive(): a hugetlb folio has one flag, in its head.
bool AnonExclusive(const World& w, Pfn pfn) {
  const Page& folio = w.frames.Head(pfn);
  return (folio.Has(kPgHugetlb) ? folio : w.frames[pfn]).Has(kPgAnonExclusive);
}

// gup_must_unshare(): a read pin must not be separated from the mapping by a later write.
bool MustUnshare(const World& w, const Vma& vma, Pfn pfn, std::uint32_t gup) {
  if ((gup & (kGupWrite | kGupPin)) != kGupPin) return false;
  if (w.frames[pfn].Has(kPgZero) || !w.frames.Head(pfn).Has(kPgAnon)) {
    return (gup & kGupLongterm) != 0 && vma.IsCow();
  }
  return !AnonExclusive(w, pfn);
}

// touch_pmd(): slow GUP marks a huge leaf accessed, and dirty for a write.
void TouchHuge(World& w, MmId mm, Vpn vpn, const Leaf& leaf, std::uint32_t gup) {
  if (leaf.level == 0 || (gup & kGupFast) != 0) return;
  const Arch& arch = *w.arch;
  const bool write = (gup & kGupWrite) != 0;
  Word word = arch.MkYoung(Form::kPmd, leaf.word);
  if (write) word = arch.MkDirty(Form::kPmd, word);
  if (word == leaf.word) return;
  PageTable& table = w.mm(mm).table;
  table.SetLeaf(
      leaf.level, Vpn(vpn.value & ~(table.PagesPerEntry(leaf.level) - 1)),
      arch.SetAccessFlags(Form::kPmd, leaf.word, word, write ? Access::kWrite : Access::kRead));
}

}  // namespace

bool CanFollowProtnone(const Vma& vma, std::uint32_t gup) {
  if (vma.UffdRwp() && vma.Accessible()) return false;
  return (gup & kGupHonorNuma) == 0 || !vma.Accessible();
}

bool CanFollowWrite(const World& w, const Vma& vma, Form form, Word word, Pfn pfn,
                    std::uint32_t gup) {
  const Arch& arch = *w.arch;
  if (arch.Write(form, word)) return true;
  if ((gup & kGupForce) == 0) return false;
  if (vma.Has(kVmShared | kVmMayshare) || !vma.Has(kVmMaywrite) || vma.Has(kVmWrite)) return false;
  if (w.frames[pfn].Has(kPgZero) || !w.frames.Head(pfn).Has(kPgAnon) || !AnonExclusive(w, pfn)) {
    return false;
  }
  if (SoftDirtyEnabled(w, vma) && !arch.SoftDirty(form, word)) return false;
  return !(vma.UffdWp() && arch.Uffd(form, word));
}

Errno GupCheckVma(const Vma& vma, std::uint32_t gup) {
  if (vma.Has(kVmIo | kVmPfnmap)) return Errno::kEFAULT;
  if ((gup & kGupWrite) != 0) {
    if (vma.Has(kVmWrite)) return Errno::kOk;
    if ((gup & kGupForce) == 0 || !vma.IsCow()) return Errno::kEFAULT;
    return Errno::kOk;
  }
  if (vma.Has(kVmRead)) return Errno::kOk;
  if ((gup & kGupForce) == 0 || !vma.Has(kVmMayread)) return Errno::kEFAULT;
  return Errno::kOk;
}

Followed FollowPage(World& w, MmId mm, const Vma& vma, Vpn vpn, std::uint32_t gup) {
  const Arch& arch = *w.arch;
  const Leaf leaf = FindLeaf(w, mm, vma, vpn);
  const auto [form, word] = ReadLeaf(w, vma, leaf);
  if (arch.None(form, word) || !arch.Present(form, word)) return {};
  if (arch.Protnone(form, word) && !w.steps->site.can_follow_protnone(vma, gup)) return {};
  const Pfn pfn = FrameOf(w, vma, leaf, vpn);
  // What the entry maps: for a huge leaf the head, which says whether the mapping is exclusive.
  const Pfn mapped = arch.PfnOf(form, word);
  if ((gup & kGupWrite) != 0 && !w.steps->site.can_follow_write(w, vma, form, word, mapped, gup))
    return {};
  if (!arch.Write(form, word) && MustUnshare(w, vma, mapped, gup)) {
    return {.what = Follow::kUnshare, .pfn = pfn};
  }
  TouchHuge(w, mm, vpn, leaf, gup);
  Page& folio = w.frames.Head(pfn);
  // FOLL_TOUCH: the lockless walk has none.
  if ((gup & kGupWrite) != 0 && (gup & kGupFast) == 0 && !arch.Dirty(form, word)) {
    folio.flags |= kPgDirty;
  }
  const std::uint64_t unit = w.mm(mm).table.PagesPerEntry(leaf.level);
  return {.what = Follow::kPage, .pfn = pfn, .pages = unit - (vpn.value & (unit - 1))};
}

Errno FaultErrno(std::uint32_t fault, TellHwPoison tell) {
  if ((fault & kVmFaultOom) != 0) return Errno::kENOMEM;
  if ((fault & kVmFaultHwpoison) != 0) {
    return tell == TellHwPoison::kYes ? Errno::kEHWPOISON : Errno::kEFAULT;
  }
  if ((fault & (kVmFaultSigbus | kVmFaultSigsegv)) != 0) return Errno::kEFAULT;
  return Errno::kOk;
}

}  // namespace uffdsim
