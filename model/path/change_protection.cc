#include "model/path/change_protection.h"

#include <algorithm>

#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/numa_filter.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"

namespace uffdsim {
namespace {

bool Arms(ProtOp op) { return op == ProtOp::kWp || op == ProtOp::kRwp; }
bool Resolves(ProtOp op) { return op == ProtOp::kWpResolve || op == ProtOp::kRwpResolve; }
bool TriesUpgrade(ProtOp op) { return Resolves(op) || op == ProtOp::kMprotect; }

Word WithUffd(const Arch& arch, Form form, Word word, ProtOp op) {
  if (Arms(op)) return arch.SwpMkUffd(form, word);
  if (Resolves(op)) return arch.SwpClearUffd(form, word);
  return word;
}

// mprotect_folio_pte_batch(): how many entries from words[0] on map consecutive frames of one large
// folio and differ in young and dirty only. They are rewritten together, and all get what any of
// them had of the two: `merged` is the first one with it.
std::uint64_t BatchOf(const World& w, const Word* words, std::uint64_t limit, Word* merged) {
  const Arch& arch = *w.arch;
  *merged = words[0];
  const Pfn pfn = arch.PfnOf(Form::kPte, words[0]);
  if (!w.frames.any_large() || w.frames[pfn].order == 0 || w.frames[pfn].Has(kPgZero)) return 1;
  const Pfn head = w.frames.HeadOf(pfn);
  limit = std::min<std::uint64_t>(limit, head.value + w.frames.Count(head) - pfn.value);
  const auto key = [&](Word word) {
    return arch.MkOld(Form::kPte, arch.MkClean(Form::kPte, word));
  };
  std::uint64_t length = 1;
  for (; length < limit; ++length) {
    const Word word = words[length];
    if (!arch.Present(Form::kPte, word) ||
        key(word) != arch.AdvancePfn(Form::kPte, key(words[0]), length)) {
      break;
    }
    if (arch.Dirty(Form::kPte, word)) *merged = arch.MkDirty(Form::kPte, *merged);
    if (arch.Young(Form::kPte, word)) *merged = arch.MkYoung(Form::kPte, *merged);
  }
  return length;
}

// One PTE table's worth, under its lock. Returns the pages changed.
std::uint64_t ChangePteRange(World& w, MmId mm, const Vma& vma, Vpn first, Vpn last, ProtOp op) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(mm).table;
  const bool markers = op == ProtOp::kWp && UseMarkers(w, vma);
  PageTable::LeafView view{};
  if (!table.FindLeafView(first, &view)) return 0;
  if (view.words == nullptr && !markers) return 0;
  // The most frequent rewrite of all: the clean formula is inlined.
  const auto protect = w.steps->site.protected_present;
  const bool clean = protect == &ProtectPresent;
  std::uint64_t changed = 0;
  for (Vpn vpn = first; vpn < last; ++vpn) {
    const Word old_word = table.GetPte(vpn);
    if (arch.None(Form::kPte, old_word)) {
      if (markers) {
        table.SetPte(vpn, w.steps->site.protected_hole(w));
        ++changed;
      }
      continue;
    }
    if (arch.Present(Form::kPte, old_word)) {
      if (op == ProtOp::kRwp && arch.Protnone(Form::kPte, old_word) &&
          w.steps->site.already_armed(w, Form::kPte, old_word)) {
        continue;
      }
      if (op == ProtOp::kNuma && (arch.Protnone(Form::kPte, old_word) ||
                                  !NumaSuitable(w, mm, vma, arch.PfnOf(Form::kPte, old_word)))) {
        continue;
      }
      // Both words are present, so the table's count of live entries stays: write in place.
      Word* const words = view.words + (vpn - view.first);
      Word merged = old_word;
      const std::uint64_t batch = BatchOf(w, words, last - vpn, &merged);
      for (std::uint64_t i = 0; i < batch; ++i) {
        const Word word = arch.AdvancePfn(Form::kPte, merged, i);
        words[i] = clean ? ProtectPresent(w, vma, Form::kPte, word, op)
                         : protect(w, vma, Form::kPte, word, op);
      }
      changed += batch;
      vpn = vpn + (batch - 1);
      continue;
    }
    const EntryKind kind = Classify(arch, Form::kPte, old_word);
    const bool anon_page =
        IsMigration(kind) && w.frames.Head(SoftleafPfn(arch, Form::kPte, old_word)).Has(kPgAnon);
    const Word new_word =
        w.steps->site.protected_nonpresent(w, vma, Form::kPte, old_word, op, anon_page);
    if (new_word == old_word) continue;
    table.SetPte(vpn, new_word);
    ++changed;
  }
  return changed;
}

}  // namespace

Word ProtectedHole(const World& w) { return MakeMarker(*w.arch, kMarkerUffdWp); }

bool AlreadyArmed(const World& w, Form form, Word word) {
  return w.arch->Protnone(form, word) && w.arch->Uffd(form, word);
}

Word ProtectPresent(const World& w, const Vma& vma, Form form, Word old_word, ProtOp op) {
  const Arch& arch = *w.arch;
  const Pgprot none = arch.PageNone();
  const bool denies = op == ProtOp::kRwp || op == ProtOp::kNuma;
  Word word = arch.Modify(form, old_word, denies ? none : vma.page_prot);
  if (Arms(op)) word = arch.MkUffd(form, word);
  if (Resolves(op)) word = arch.ClearUffd(form, word);
  // The bit of an RWP VMA means PROT_NONE, whatever the base protection became.
  if (vma.UffdRwp() && arch.Uffd(form, word)) word = arch.Modify(form, word, none);
  if (TriesUpgrade(op) && !arch.Write(form, word) && WantsManualUpgrade(w, vma) &&
      w.steps->site.may_upgrade(w, vma, form, word)) {
    word = arch.MkWrite(form, word);
  }
  return word;
}

Word ProtectNonpresent(const World& w, const Vma&, Form form, Word old_word, ProtOp op,
                       bool anon_page) {
  const Arch& arch = *w.arch;
  const EntryKind kind = Classify(arch, form, old_word);
  switch (kind) {
    case EntryKind::kMarker:
      if ((MarkerOf(arch, old_word) & (kMarkerPoisoned | kMarkerGuard)) != 0) return old_word;
      return Resolves(op) ? arch.NoneWord(form) : old_word;
    case EntryKind::kMigrationWrite: {
      Word word = MakeMigration(
          arch, form, anon_page ? MigrationAccess::kReadExclusive : MigrationAccess::kRead,
          SoftleafPfn(arch, form, old_word), MigrationAdOf(arch, form, old_word));
      if (arch.SwpSoftDirty(form, old_word)) word = arch.SwpMkSoftDirty(form, word);
      return WithUffd(arch, form, word, op);
    }
    case EntryKind::kDevicePrivateWrite: {
      Word word = MakeDevicePrivate(arch, form, false, SoftleafPfn(arch, form, old_word));
      if (arch.SwpUffd(form, old_word)) word = arch.SwpMkUffd(form, word);
      return WithUffd(arch, form, word, op);
    }
    case EntryKind::kSwap:
    case EntryKind::kMigrationRead:
    case EntryKind::kMigrationReadExclusive:
    case EntryKind::kDevicePrivateRead:
    case EntryKind::kDeviceExclusive:
    case EntryKind::kHwPoison: return WithUffd(arch, form, old_word, op);
    case EntryKind::kNone:
    case EntryKind::kPresent: return old_word;
  }
  return old_word;
}

ProtChange ChangeProtection(World& w, MmId mm, Vma& vma, Vpn first, Vpn last, ProtOp op) {
  if (vma.Hugetlb()) return HugetlbChangeProtection(w, mm, vma, first, last, op);
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(mm).table;
  const bool populate = op == ProtOp::kWp && UseMarkers(w, vma);
  NotifyInvalidate(w, mm, first, last);
  ProtChange done;
  for (Vpn vpn = first; vpn < last;) {
    const Vpn pmd_end((vpn.value | (table.PmdPages() - 1)) + 1);
    const Vpn next = std::min(pmd_end, last);
    if (!arch.None(Form::kPmd, table.GetPmd(vpn)) &&
        PmdChangeProtection(w, mm, vma, vpn, next, op, &done.pages) == PmdOutcome::kDone) {
      vpn = next;
      continue;
    }
    if (populate && !AllocPteTable(w, mm, vpn)) {
      done.error = Errno::kENOMEM;
      last = vpn;
      break;
    }
    if (table.HasPteTable(vpn)) {
      done.pages += ChangePteRange(w, mm, vma, vpn, next, op);
      vpn = next;
    } else {
      vpn = std::min(table.NextMapped(next, last), last);
    }
  }
  w.steps->site.flush_protected(w, mm, first, last);
  if (Arms(op)) EmitArm(w, mm, first, last);
  if (op == ProtOp::kNuma && w.listener != nullptr) w.listener->OnHint(mm, first, last);
  if (Resolves(op)) EmitLoss(w, mm, first, last, Cause::kResolve);
  return done;
}

}  // namespace uffdsim
