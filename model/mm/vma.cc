#include "model/mm/vma.h"

#include <algorithm>

#include "model/base/check.h"

namespace uffdsim {

std::size_t VmaTree::LowerBound(Vpn vpn) const {
  const auto it = std::upper_bound(list_.begin(), list_.end(), vpn,
                                   [](Vpn v, const Vma& vma) { return v < vma.end; });
  return static_cast<std::size_t>(it - list_.begin());
}

const Vma* VmaTree::Find(Vpn vpn) const {
  const std::size_t i = LowerBound(vpn);
  return i < list_.size() && list_[i].Contains(vpn) ? &list_[i] : nullptr;
}

Vma* VmaTree::Find(Vpn vpn) {
  return const_cast<Vma*>(static_cast<const VmaTree*>(this)->Find(vpn));
}

void VmaTree::Insert(const Vma& vma) {
  UFFDSIM_CHECK(vma.start < vma.end);
  const std::size_t i = LowerBound(vma.start);
  UFFDSIM_CHECK(i == list_.size() || vma.end <= list_[i].start);
  list_.insert(list_.begin() + static_cast<std::ptrdiff_t>(i), vma);
}

void VmaTree::SplitAt(Vpn vpn) {
  const std::size_t i = LowerBound(vpn);
  if (i == list_.size() || !list_[i].Contains(vpn) || list_[i].start == vpn) return;
  Vma upper = list_[i];
  upper.pgoff = Pgoff(upper.IndexOf(vpn));
  upper.start = vpn;
  list_[i].end = vpn;
  list_.insert(list_.begin() + static_cast<std::ptrdiff_t>(i) + 1, upper);
}

void VmaTree::Erase(Vpn first, Vpn last) {
  const auto begin = list_.begin() + static_cast<std::ptrdiff_t>(LowerBound(first));
  auto end = begin;
  while (end != list_.end() && end->start < last) {
    UFFDSIM_CHECK(first <= end->start && end->end <= last);
    ++end;
  }
  list_.erase(begin, end);
}

bool VmaTree::CanMerge(const Vma& a, const Vma& b) {
  if (a.end != b.start) return false;
  if (((a.flags ^ b.flags) & ~kVmIgnoreMerge) != 0) return false;
  // Special mappings never merge (VM_SPECIAL).
  if (a.Has(kVmSpecial)) return false;
  if (a.file != b.file || a.ctx != b.ctx || a.policy != b.policy) return false;
  if (a.IndexOf(a.end) != b.pgoff.value) return false;
  if (a.anon_vma == b.anon_vma) return true;
  // One of them has none yet: allowed unless the other's chain came from a fork.
  if (a.anon_vma == 0) return !b.anon_vma_shared;
  if (b.anon_vma == 0) return !a.anon_vma_shared;
  return false;
}

void VmaTree::MergeAround(Vpn first, Vpn last) {
  for (const Vpn boundary : {first, last}) {
    const std::size_t i = LowerBound(boundary);
    if (i == 0 || i == list_.size() || list_[i].start != boundary) continue;
    Vma& a = list_[i - 1];
    const Vma& b = list_[i];
    if (!CanMerge(a, b)) continue;
    a.end = b.end;
    a.flags |= b.flags & kVmIgnoreMerge;
    if (a.anon_vma == 0) {
      a.anon_vma = b.anon_vma;
      a.anon_vma_shared = b.anon_vma_shared;
    }
    list_.erase(list_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

std::string VmFlagsText(VmFlags flags) {
  struct Row {
    VmFlags bit;
    const char* text;
  };
  // In the order of show_smap_vma_flags(): by bit number.
  static constexpr Row kRows[] = {
      {kVmRead, "rd"},        {kVmWrite, "wr"},       {kVmExec, "ex"},        {kVmShared, "sh"},
      {kVmMayread, "mr"},     {kVmMaywrite, "mw"},    {kVmMayexec, "me"},     {kVmMayshare, "ms"},
      {kVmUffdMissing, "um"}, {kVmPfnmap, "pf"},      {kVmMaybeGuard, "gu"},  {kVmUffdWp, "uw"},
      {kVmLocked, "lo"},      {kVmIo, "io"},          {kVmSeqRead, "sr"},     {kVmRandRead, "rr"},
      {kVmDontcopy, "dc"},    {kVmDontexpand, "de"},  {kVmLockonfault, "lf"}, {kVmAccount, "ac"},
      {kVmNoreserve, "nr"},   {kVmHugetlb, "ht"},     {kVmWipeonfork, "wf"},  {kVmDontdump, "dd"},
      {kVmSoftdirty, "sd"},   {kVmMixedmap, "mm"},    {kVmHugepage, "hg"},    {kVmNohugepage, "nh"},
      {kVmMergeable, "mg"},   {kVmShadowStack, "ss"}, {kVmDroppable, "dp"},   {kVmUffdMinor, "ui"},
      {kVmSealed, "sl"},      {kVmUffdRwp, "ur"},
  };
  std::string text;
  for (const Row& row : kRows) {
    if ((flags & row.bit) == 0) continue;
    if (!text.empty()) text += ' ';
    text += row.text;
  }
  return text;
}

std::string ProtText(VmFlags flags) {
  std::string text = "----";
  if ((flags & kVmRead) != 0) text[0] = 'r';
  if ((flags & kVmWrite) != 0) text[1] = 'w';
  if ((flags & kVmExec) != 0) text[2] = 'x';
  text[3] = (flags & kVmMayshare) != 0 ? 's' : 'p';
  return text;
}

}  // namespace uffdsim
