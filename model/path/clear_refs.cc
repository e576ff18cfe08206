// Writing a number to /proc/PID/clear_refs.
//
// Mirrors: clear_refs_write() of fs/proc/task_mmu.c. 1 clears accessed bits of all pages, 2 of VMAs
//          without a file, 3 of VMAs with one, 4 starts soft-dirty tracking, 5 resets the peak
//          resident size (which the model does not keep).
// Marker:  4 removes write permission and soft-dirty, from migration and device entries too unless
//          the release forgets them; the uffd bit and PROT_NONE stay.
#include <algorithm>

#include "model/mm/entry.h"
#include "model/path/change_protection.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/step_table.h"

namespace uffdsim {
namespace {

enum class ClearRefs : std::uint8_t { kAll = 1, kAnon = 2, kMapped = 3, kSoftDirty = 4, kPeak = 5 };

// A writable page of a private mapping that somebody may write to by DMA: a write fault would
// replace it under the device (pte_is_pinned()).
bool WritablePinned(const World& w, const Vma& vma, Word word) {
  const Arch& arch = *w.arch;
  if (!arch.Write(Form::kPte, word) || !vma.IsCow()) return false;
  const Pfn pfn = arch.PfnOf(Form::kPte, word);
  return !w.frames[pfn].Has(kPgZero) && FolioPinned(w, pfn);
}

Word ClearSoftDirtySoftleaf(const World& w, const Vma& vma, Form form, Word word) {
  const Arch& arch = *w.arch;
  if (w.steps->site.clear_refs_denies_softleaf(w, vma)) {
    const bool anon_page = IsMigration(Classify(arch, form, word)) &&
                           w.frames.Head(SoftleafPfn(arch, form, word)).Has(kPgAnon);
    word = w.steps->site.protected_nonpresent(w, vma, form, word, ProtOp::kMprotect, anon_page);
  }
  return arch.SwpClearSoftDirty(form, word);
}

Word ClearSoftDirtyPte(const World& w, const Vma& vma, Word word) {
  const Arch& arch = *w.arch;
  if (!arch.SupportsSoftDirty() || arch.None(Form::kPte, word)) return word;
  if (!arch.Present(Form::kPte, word)) return ClearSoftDirtySoftleaf(w, vma, Form::kPte, word);
  if (WritablePinned(w, vma, word)) return word;
  return arch.ClearSoftDirty(Form::kPte, arch.WrProtect(Form::kPte, word));
}

Word ClearSoftDirtyPmd(const World& w, const Vma& vma, Word word) {
  const Arch& arch = *w.arch;
  if (!arch.SupportsSoftDirty()) return word;
  if (arch.Present(Form::kPmd, word)) {
    return arch.ClearSoftDirty(Form::kPmd, arch.WrProtect(Form::kPmd, word));
  }
  if (IsMigration(Classify(arch, Form::kPmd, word))) {
    return ClearSoftDirtySoftleaf(w, vma, Form::kPmd, word);
  }
  return word;
}

// Accessed and referenced; the zero page has neither.
Word ClearYoung(World& w, Form form, Word word) {
  const Arch& arch = *w.arch;
  if (arch.None(form, word) || !arch.Present(form, word)) return word;
  const Pfn pfn = arch.PfnOf(form, word);
  if (w.frames[pfn].Has(kPgZero)) return word;
  w.frames.Head(pfn).flags &= ~static_cast<std::uint32_t>(kPgReferenced);
  return arch.MkOld(form, word);
}

void ClearVma(World& w, MmId mm, const Vma& vma, ClearRefs type) {
  if (vma.Hugetlb() || vma.Has(kVmPfnmap)) return;
  PageTable& table = w.mm(mm).table;
  const bool soft_dirty = type == ClearRefs::kSoftDirty;
  for (Vpn vpn = table.NextMapped(vma.start, vma.end); vpn < vma.end;) {
    const Vpn next = std::min(Vpn((vpn.value | (table.PmdPages() - 1)) + 1), vma.end);
    const Word pmd = table.GetPmd(vpn);
    if (!w.arch->None(Form::kPmd, pmd)) {
      table.SetPmd(vpn,
                   soft_dirty ? ClearSoftDirtyPmd(w, vma, pmd) : ClearYoung(w, Form::kPmd, pmd));
    } else {
      for (; vpn < next; ++vpn) {
        const Word word = table.GetPte(vpn);
        table.SetPte(
            vpn, soft_dirty ? ClearSoftDirtyPte(w, vma, word) : ClearYoung(w, Form::kPte, word));
      }
    }
    vpn = table.NextMapped(next, vma.end);
  }
}

bool Skips(ClearRefs type, const Vma& vma) {
  return (type == ClearRefs::kAnon && !vma.Anonymous()) ||
         (type == ClearRefs::kMapped && vma.Anonymous());
}

}  // namespace

void Start_clear_refs(World& w, Task& t) {
  if (t.op.value < 1 || t.op.value > 5) {
    Fail(t, Errno::kEINVAL);
    return;
  }
  const auto type = static_cast<ClearRefs>(t.op.value);
  Mm& mm = w.mm(t.mm);
  Succeed(t);
  if (type == ClearRefs::kPeak) return;
  // All VMAs first: entries are looked at with the new flags.
  if (type == ClearRefs::kSoftDirty) {
    if (w.listener != nullptr) w.listener->OnClearSoftDirty(t.mm);
    for (Vma& vma : mm.vmas.list()) {
      if (!vma.Has(kVmSoftdirty)) continue;
      vma.flags &= ~kVmSoftdirty;
      SetPageProt(w, vma);
    }
  }
  for (const Vma& vma : mm.vmas.list()) {
    if (Skips(type, vma)) continue;
    if (type == ClearRefs::kSoftDirty) NotifyInvalidate(w, t.mm, vma.start, vma.end);
    ClearVma(w, t.mm, vma, type);
    if (type == ClearRefs::kSoftDirty) w.steps->site.flush_clear_refs(w, t.mm, vma.start, vma.end);
  }
}

}  // namespace uffdsim
