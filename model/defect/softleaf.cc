// Defects of migration and device entries, while they stand.
#include "model/defect/defects.h"
#include "model/mm/entry.h"

namespace uffdsim::defect {
namespace {

Word PmdClearedAsPresent(const World& w, const ForkedVma& v, Form form, Word word) {
  if (form != Form::kPmd || ForkKeepsMarks(v)) return ForkedSoftleaf(w, v, form, word);
  return w.arch->ClearUffd(form, word);
}

Word HugetlbClearedAsPresent(const World& w, const ForkedVma& v, Form form, Word word) {
  if (!v.dst->Hugetlb() || ForkKeepsMarks(v)) return ForkedSoftleaf(w, v, form, word);
  return w.arch->ClearUffd(form, word);
}

Word ReadableUnmarked(const World& w, Form form, Word word) {
  const Word readable = ForkedReadable(w, form, word);
  return readable == word ? word : w.arch->SwpClearUffd(form, readable);
}

// The entry as its mark looks to the accessor of present ones.
Word AsIfPresent(const World& w, Form form, Word entry) {
  const bool marked = w.arch->Uffd(form, entry);
  return marked ? w.arch->SwpMkUffd(form, entry) : w.arch->SwpClearUffd(form, entry);
}

Word ReturnReadAsPresent(const World& w, Form form, Word entry, bool exclusive) {
  return DeviceMigrationEntry(w, form, AsIfPresent(w, form, entry), exclusive);
}

Word PrivateUnmarked(const World& w, Form form, Word present) {
  return DevicePrivateEntry(w, form, w.arch->ClearUffd(form, present));
}

// As change_protection() with the entries of one kind left alone.
template <bool kHugetlb>
Word MigrationLeftAlone(const World& w, const Vma& vma, Form form, Word word, ProtOp op,
                        bool anon_page) {
  const EntryKind kind = Classify(*w.arch, form, word);
  const bool skipped = IsMigration(kind) && (!kHugetlb || kind != EntryKind::kMigrationWrite);
  if (vma.Hugetlb() == kHugetlb && skipped) return word;
  return ProtectNonpresent(w, vma, form, word, op, anon_page);
}

Word ExclusiveAsPresent(const World& w, const Vma& vma, Word entry, Pfn pfn) {
  return RestoredExclusive(w, vma, AsIfPresent(w, Form::kPte, entry), pfn);
}

Word ExclusiveAccessible(const World& w, const Vma& vma, Word entry, Pfn pfn) {
  const Word plain = RestoredExclusive(w, vma, w.arch->SwpClearUffd(Form::kPte, entry), pfn);
  return w.arch->SwpUffd(Form::kPte, entry) ? w.arch->MkUffd(Form::kPte, plain) : plain;
}

Word SoftleafSplitUnmarked(const World& w, Word pmd, Pfn pfn) {
  return SplitSoftleaf(w, w.arch->SwpClearUffd(Form::kPmd, pmd), pfn);
}

}  // namespace

void ForkPmdWrongAccessor(StepTable& table) { table.site.forked_softleaf = &PmdClearedAsPresent; }
void HugetlbForkCorruptsOffset(StepTable& table) {
  table.site.forked_softleaf = &HugetlbClearedAsPresent;
}
void ForkDowngradeLosesBit(StepTable& table) { table.site.forked_readable = &ReadableUnmarked; }
void DeviceReturnReadsAsPresent(StepTable& table) {
  table.site.device_migration_entry = &ReturnReadAsPresent;
}
void DevicePrivateUnmarked(StepTable& table) { table.site.device_private_entry = &PrivateUnmarked; }
void HugetlbMigrationNotMarked(StepTable& table) {
  table.site.protected_nonpresent = &MigrationLeftAlone<true>;
}
void ArmSkipsMigration(StepTable& table) {
  table.site.protected_nonpresent = &MigrationLeftAlone<false>;
}
void ExclusiveReadAsPresent(StepTable& table) {
  table.site.restored_exclusive = &ExclusiveAsPresent;
}
void ExclusiveRestoredAccessible(StepTable& table) {
  table.site.restored_exclusive = &ExclusiveAccessible;
}
void SplitSoftleafUnmarked(StepTable& table) { table.site.split_softleaf = &SoftleafSplitUnmarked; }

}  // namespace uffdsim::defect
