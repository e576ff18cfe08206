// Walking what a range of an address space maps, for operations that no system call has.
#pragma once

#include "model/path/hw_walk.h"
#include "model/path/start.h"

namespace uffdsim {

// The pages [first, last) that an operation names.
struct NamedPages {
  Vpn first{};
  Vpn last{};
};
inline NamedPages RangeOf(const World& w, const Operation& op) {
  return {.first = VpnOf(w, op.start), .last = VpnOf(w, PageAlignUp(w, op.start + op.length))};
}

// A page of a range and the leaf that stands for it. Words of hugetlb pages are PTEs after
// HugetlbLoad.
struct RangePage {
  const Vma* vma = nullptr;  // null: not mapped
  Vpn vpn{};
  int level = 0;
  Form form = Form::kPte;
  Word word = 0;
};
RangePage PageAt(const World& w, MmId mm, Vpn vpn);

// The frame that a present entry, or one that stands for a frame, names for `page`; Pfn(0) else.
Pfn FrameAt(const World& w, const RangePage& page);

}  // namespace uffdsim
