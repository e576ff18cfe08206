// Protection changes of hugetlb mappings.
//
// Mirrors: hugetlb_change_protection() of mm/hugetlb.c.
// Marker:  as for PTEs, except that write permission is never handed back, hwpoison entries are
//          left alone, and uffd-wp markers go into every empty entry of a WP VMA.
#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/change_protection.h"
#include "model/path/hugetlb.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"

namespace uffdsim {
namespace {

bool Arms(ProtOp op) { return op == ProtOp::kWp || op == ProtOp::kRwp; }
bool Resolves(ProtOp op) { return op == ProtOp::kWpResolve || op == ProtOp::kRwpResolve; }

Word ChangedEntry(const World& w, const Vma& vma, Word word, ProtOp op) {
  const Arch& arch = *w.arch;
  switch (Classify(arch, Form::kPte, word)) {
    case EntryKind::kNone: return op == ProtOp::kWp ? w.steps->site.protected_hole(w) : word;
    case EntryKind::kPresent: return w.steps->site.protected_hugetlb(w, vma, word, op);
    case EntryKind::kHwPoison: return word;
    case EntryKind::kMigrationRead:
    case EntryKind::kMigrationReadExclusive:
    case EntryKind::kMigrationWrite: {
      const Pfn pfn = SoftleafPfn(arch, Form::kPte, word);
      return w.steps->site.protected_nonpresent(w, vma, Form::kPte, word, op,
                                                w.frames.Head(pfn).Has(kPgAnon));
    }
    case EntryKind::kMarker:
    case EntryKind::kSwap:
    case EntryKind::kDevicePrivateRead:
    case EntryKind::kDevicePrivateWrite:
    case EntryKind::kDeviceExclusive:
      return w.steps->site.protected_nonpresent(w, vma, Form::kPte, word, op, false);
  }
  return word;
}

}  // namespace

bool HugetlbProtectsHole(ProtOp op) { return op == ProtOp::kWp; }

Word ProtectHugetlb(const World& w, const Vma& vma, Word word, ProtOp op) {
  const Arch& arch = *w.arch;
  if (op == ProtOp::kRwp && w.steps->site.already_armed(w, Form::kPte, word)) return word;
  const bool denies = op == ProtOp::kRwp || op == ProtOp::kNuma;
  word = w.steps->site.modified_huge(w, word, denies ? arch.PageNone() : vma.page_prot);
  if (Arms(op)) word = arch.MkUffd(Form::kPte, word);
  if (Resolves(op)) word = arch.ClearUffd(Form::kPte, word);
  // The bit of an RWP VMA means PROT_NONE, whatever the base protection became.
  if (vma.UffdRwp() && arch.Uffd(Form::kPte, word)) {
    word = w.steps->site.modified_huge(w, word, arch.PageNone());
  }
  return word;
}

ProtChange HugetlbChangeProtection(World& w, MmId mm, Vma& vma, Vpn first, Vpn last, ProtOp op) {
  NotifyInvalidate(w, mm, first, last);
  ProtChange done;
  for (Vpn vpn = first; vpn < last; vpn = vpn + HugePages(w, vma)) {
    if (!HasHugeTable(w, mm, vma, vpn)) {
      // Only a uffd-wp marker is worth a table.
      if (!w.steps->site.hugetlb_protects_hole(op)) continue;
      if (!AllocHugeTable(w, mm, vma, vpn)) {
        done.error = Errno::kENOMEM;
        last = vpn;
        break;
      }
    }
    const Word old_word = HugeEntry(w, mm, vma, vpn);
    const Word new_word = ChangedEntry(w, vma, old_word, op);
    if (new_word == old_word) continue;
    SetHugeEntry(w, mm, vma, vpn, new_word);
    done.pages += HugePages(w, vma);
  }
  w.steps->site.flush_protected(w, mm, first, last);
  if (Arms(op)) EmitArm(w, mm, first, last);
  if (Resolves(op)) EmitLoss(w, mm, first, last, Cause::kResolve);
  return done;
}

}  // namespace uffdsim
