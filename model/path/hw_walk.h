// The MMU's view: translating one access through a page table, setting accessed and dirty bits.
//
// Mirrors: the hardware walker; handle of A/D bits as Arch::HwAccess says for the architecture.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

// The leaf that maps a page, as the tables hold it.
struct Leaf {
  int level = 0;           // 0 PTE, 1 PMD, 2 PUD
  Form form = Form::kPte;  // which accessors understand `word`
  Word word = 0;           // as stored
};
Leaf FindLeaf(const World& w, MmId mm, const Vma& vma, Vpn vpn);
// The same as the accessors of present pages want it: a hugetlb word is read as a PTE.
struct LeafWord {
  Form form = Form::kPte;
  Word word = 0;
};
LeafWord ReadLeaf(const World& w, const Vma& vma, const Leaf& leaf);
// The frame of `vpn` under a present leaf.
Pfn FrameOf(const World& w, const Vma& vma, const Leaf& leaf, Vpn vpn);

// Tries the access; on success the A/D bits are stored and `pfn` is the frame. False: it faults.
// Where translations are cached one that is there is used, and one that was found is kept.
bool HwTranslate(World& w, MmId mm, const Vma& vma, Vpn vpn, Access access, Pfn* pfn);

// Whether the VMA's permissions allow a user or kernel access that found no usable translation
// (access_error() of arch/*/mm/fault.c).
bool VmaAllows(const Vma& vma, Access access);

}  // namespace uffdsim
