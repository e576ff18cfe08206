// Defects of migration and of splitting huge mappings: marks that come back wrong.
#include "model/defect/defects.h"

namespace uffdsim::defect {
namespace {

bool NotifiesWithoutWp(const World& w, const Vma& vma) {
  Vma plain = vma;
  plain.flags &= ~kVmUffdWp;
  return WantsWritenotify(w, plain);
}

// Setting the mark did not remove write permission.
Word MarkedAsWritable(const World& w, const Vma& vma, Form form, Word word, bool marked) {
  const bool writable = w.arch->Write(form, word);
  word = RestoreUffd(w, vma, form, word, marked);
  return writable ? w.arch->MkWrite(form, word) : word;
}

Word FilledWritable(const World& w, const Vma& vma, Pfn pfn, bool writable, std::uint64_t mode) {
  const Word word = FilledEntry(w, vma, pfn, writable, mode);
  return writable ? w.arch->MkWrite(Form::kPte, word) : word;
}

Word PmdEntryUnmarked(const World& w, Form form, Word present, Pfn pfn, bool exclusive) {
  if (form == Form::kPmd) present = w.arch->ClearUffd(form, present);
  return MigrationEntryFor(w, form, present, pfn, exclusive);
}

// The word without PROT_NONE, with the mark that `marked` says.
Word WithMark(const World& w, Form form, Word word, bool marked) {
  return marked ? w.arch->MkUffd(form, word) : word;
}

enum class Which : std::uint8_t { kPte, kPmd, kHugetlb };
template <Which kWhich>
Word MigratedAccessible(const World& w, const Vma& vma, Form form, Word entry, Pfn pfn,
                        bool dirty) {
  Which which = form == Form::kPmd ? Which::kPmd : Which::kPte;
  if (vma.Hugetlb()) which = Which::kHugetlb;
  if (which != kWhich) return MigratedEntry(w, vma, form, entry, pfn, dirty);
  const Word plain = MigratedEntry(w, vma, form, w.arch->SwpClearUffd(form, entry), pfn, dirty);
  return WithMark(w, form, plain, w.arch->SwpUffd(form, entry));
}

Word SubpageUnmarked(const World& w, const Vma& vma, Word present) {
  return UnusedSubpage(w, vma, w.arch->ClearUffd(Form::kPte, present));
}
Word SubpageAccessible(const World& w, const Vma& vma, Word present) {
  return WithMark(w, Form::kPte, SubpageUnmarked(w, vma, present),
                  w.arch->Uffd(Form::kPte, present));
}

Word ZeroUnmarked(const World& w, const Vma& vma, Word pmd) {
  return SplitZero(w, vma, w.arch->ClearUffd(Form::kPmd, pmd));
}
Word ZeroAccessible(const World& w, const Vma& vma, Word pmd) {
  return WithMark(w, Form::kPte, ZeroUnmarked(w, vma, pmd), w.arch->Uffd(Form::kPmd, pmd));
}

Word PresentUnmarked(const World& w, const Vma& vma, Word pmd, Pfn pfn) {
  return SplitPresent(w, vma, w.arch->ClearUffd(Form::kPmd, pmd), pfn);
}
Word PresentAccessible(const World& w, const Vma& vma, Word pmd, Pfn pfn) {
  return WithMark(w, Form::kPte, PresentUnmarked(w, vma, pmd, pfn), w.arch->Uffd(Form::kPmd, pmd));
}

}  // namespace

void MigrationRestoresWritable(StepTable& table) {
  table.site.wants_writenotify = &NotifiesWithoutWp;
  table.site.restore_uffd = &MarkedAsWritable;
}
void MarkWithoutWrprotect(StepTable& table) { table.site.filled_entry = &FilledWritable; }
void ThpMigrationLosesMark(StepTable& table) { table.site.migration_entry = &PmdEntryUnmarked; }
void RwpMigrationRestore(StepTable& table) {
  table.site.migrated = &MigratedAccessible<Which::kPte>;
}
void RwpMigrationRestorePmd(StepTable& table) {
  table.site.migrated = &MigratedAccessible<Which::kPmd>;
}
void RwpMigrationRestoreHugetlb(StepTable& table) {
  table.site.migrated = &MigratedAccessible<Which::kHugetlb>;
}
void RwpUnusedSubpage(StepTable& table) { table.site.unused_subpage = &SubpageAccessible; }
void UnusedSubpageUnmarked(StepTable& table) { table.site.unused_subpage = &SubpageUnmarked; }
void SplitZeroUnmarked(StepTable& table) { table.site.split_zero = &ZeroUnmarked; }
void SplitPresentAccessible(StepTable& table) { table.site.split_present = &PresentAccessible; }
void SplitZeroAccessible(StepTable& table) { table.site.split_zero = &ZeroAccessible; }
void SplitPresentUnmarked(StepTable& table) { table.site.split_present = &PresentUnmarked; }

}  // namespace uffdsim::defect
