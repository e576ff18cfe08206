// Defects of swap: marks on the way out and back.
#include "model/defect/defects.h"
#include "model/mm/entry.h"

namespace uffdsim::defect {
namespace {

bool FindsUnmarked(const World& w, Word word) {
  return SwapoffFinds(w, word) && !w.arch->SwpUffd(Form::kPte, word);
}

Word RestoredPlain(const World& w, const Vma& vma, Word entry, Pfn pfn) {
  const Word plain = w.arch->SwpClearSoftDirty(Form::kPte, entry);
  return SwapoffRestored(w, vma, w.arch->SwpClearUffd(Form::kPte, plain), pfn);
}

Word Marked(const World& w, Word entry, Word present) {
  return w.arch->SwpUffd(Form::kPte, entry) ? w.arch->MkUffd(Form::kPte, present) : present;
}

Word RestoredAccessible(const World& w, const Vma& vma, Word entry, Pfn pfn) {
  const Word plain = SwapoffRestored(w, vma, w.arch->SwpClearUffd(Form::kPte, entry), pfn);
  return Marked(w, entry, plain);
}

Word SwappedInAccessible(const World& w, const Vma& vma, Word entry, Pfn pfn) {
  const Word plain = SwappedIn(w, vma, w.arch->SwpClearUffd(Form::kPte, entry), pfn);
  return Marked(w, entry, plain);
}

bool GoesOnThoughArmed(const World& w, const Vma&, Word, Word present) {
  return !w.arch->Write(Form::kPte, present);
}

bool WritableThoughArmed(const World& w, const Vma& vma, Word entry, Word present) {
  return SwapInMakesWritable(w, vma, w.arch->SwpClearUffd(Form::kPte, entry), present);
}

bool SparesBeyondEnd(const World& w, const Vma& vma, Vpn vpn, ZapCowed cowed) {
  const bool truncated =
      !vma.Anonymous() && vma.IndexOf(vpn) >= w.files[vma.file.value].size && !vma.Shared();
  return truncated || ZapSparesSwap(w, vma, vpn, cowed);
}

Word SwapEntryUnmarked(const World& w, SwapSlot slot, Word present, bool exclusive) {
  return SwapEntryFor(w, slot, w.arch->ClearUffd(Form::kPte, present), exclusive);
}

Word MarkOfFirst(const World& w, Word first, Word own) {
  if (!w.arch->Present(Form::kPte, own)) return own;
  const Word unmarked = w.arch->ClearUffd(Form::kPte, own);
  return w.arch->Uffd(Form::kPte, first) ? w.arch->MkUffd(Form::kPte, own) : unmarked;
}

}  // namespace

void SwapoffMissesMarked(StepTable& table) { table.site.swapoff_finds = &FindsUnmarked; }
void SwapoffLosesBits(StepTable& table) { table.site.swapoff_restored = &RestoredPlain; }
void SwapinCowsMarkAway(StepTable& table) {
  table.site.swap_in_goes_on_to_write = &GoesOnThoughArmed;
}
void SwapinMakesArmedWritable(StepTable& table) {
  table.site.swap_in_makes_writable = &WritableThoughArmed;
}
void SwapoffLeavesAccessible(StepTable& table) {
  table.site.swapoff_restored = &RestoredAccessible;
}
void SwapinLeavesAccessible(StepTable& table) { table.site.swapped_in = &SwappedInAccessible; }
void TruncateSkipsSwap(StepTable& table) { table.site.zap_spares_swap = &SparesBeyondEnd; }
void SwapoutDropsBit(StepTable& table) { table.site.swap_entry = &SwapEntryUnmarked; }

void UnmapBatchIgnoresMark(StepTable& table) { table.site.unmap_batch_word = &MarkOfFirst; }

}  // namespace uffdsim::defect
