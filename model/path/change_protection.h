// The one engine behind WRITEPROTECT, RWPROTECT, their resolution, mprotect and the NUMA scanner.
//
// Mirrors: change_protection() of mm/mprotect.c, change_huge_pmd() of mm/huge_memory.c,
//          hugetlb_change_protection() of mm/hugetlb.c.
// Marker:  WP and RWP set the uffd bit, their resolution clears it, NUMA and mprotect keep it; in
// an
//          RWP VMA a marked present entry always ends up PROT_NONE.
#pragma once

#include "model/uffd/world.h"

namespace uffdsim {

enum class ProtOp : std::uint8_t { kWp, kWpResolve, kRwp, kRwpResolve, kNuma, kMprotect };

// How many pages changed. ENOMEM: a page table that a marker needs could not be had; what came
// before it is changed.
struct ProtChange {
  std::uint64_t pages = 0;
  Errno error = Errno::kOk;
};

// Applies `op` to pages [first, last) of `vma` (wholly inside it). TLBs are flushed and notifiers
// called before it returns.
ProtChange ChangeProtection(World& w, MmId mm, Vma& vma, Vpn first, Vpn last, ProtOp op);

// The formula for one present word (also used by tests and by the PMD and hugetlb twins).
Word ProtectPresent(const World& w, const Vma& vma, Form form, Word old_word, ProtOp op);
// The rules for one non-present word; NoneWord when the entry becomes empty.
Word ProtectNonpresent(const World& w, const Vma& vma, Form form, Word old_word, ProtOp op,
                       bool anon_page);

// An entry that arming leaves alone, and a hole of a hugetlb mapping that protecting does not.
// The marker of an empty place that is protected.
Word ProtectedHole(const World& w);
bool AlreadyArmed(const World& w, Form form, Word word);
bool HugetlbProtectsHole(ProtOp op);
// The formula for one present hugetlb word.
Word ProtectHugetlb(const World& w, const Vma& vma, Word word, ProtOp op);

// hugetlb part, in model/path/hugetlb_protect.cc.
ProtChange HugetlbChangeProtection(World& w, MmId mm, Vma& vma, Vpn first, Vpn last, ProtOp op);
// THP part, in model/path/thp_protect.cc: handles the PMD leaf or PMD softleaf that covers `first`.
enum class PmdOutcome : std::uint8_t { kDone, kSplit };  // kSplit: go on at PTE level
PmdOutcome PmdChangeProtection(World& w, MmId mm, Vma& vma, Vpn first, Vpn last, ProtOp op,
                               std::uint64_t* changed);

}  // namespace uffdsim
