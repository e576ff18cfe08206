// Virtual memory areas: ranges of one mm with the same flags, file and userfaultfd context.
//
// Mirrors: struct vm_area_struct (include/linux/mm_types.h), VM_* of include/linux/mm.h, merging
// and
//          splitting of mm/vma.c. userfaultfd flags: MISSING 9, WP 12, MINOR 41, RWP 43.
// Invariant: a VMA has a context if and only if it has at least one userfaultfd flag.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/arch/arch.h"
#include "model/base/ids.h"
#include "model/mm/hstate.h"

namespace uffdsim {

using VmFlags = std::uint64_t;

inline constexpr VmFlags kVmRead = 1ULL << 0;
inline constexpr VmFlags kVmWrite = 1ULL << 1;
inline constexpr VmFlags kVmExec = 1ULL << 2;
inline constexpr VmFlags kVmShared = 1ULL << 3;
inline constexpr VmFlags kVmMayread = 1ULL << 4;
inline constexpr VmFlags kVmMaywrite = 1ULL << 5;
inline constexpr VmFlags kVmMayexec = 1ULL << 6;
inline constexpr VmFlags kVmMayshare = 1ULL << 7;
inline constexpr VmFlags kVmMaybeGuard = 1ULL << 8;
inline constexpr VmFlags kVmUffdMissing = 1ULL << 9;
inline constexpr VmFlags kVmPfnmap = 1ULL << 10;
inline constexpr VmFlags kVmUffdWp = 1ULL << 12;
inline constexpr VmFlags kVmLocked = 1ULL << 13;
inline constexpr VmFlags kVmIo = 1ULL << 14;
inline constexpr VmFlags kVmSeqRead = 1ULL << 15;
inline constexpr VmFlags kVmRandRead = 1ULL << 16;
inline constexpr VmFlags kVmDontcopy = 1ULL << 17;
inline constexpr VmFlags kVmDontexpand = 1ULL << 18;
inline constexpr VmFlags kVmLockonfault = 1ULL << 19;
inline constexpr VmFlags kVmAccount = 1ULL << 20;
inline constexpr VmFlags kVmNoreserve = 1ULL << 21;
inline constexpr VmFlags kVmHugetlb = 1ULL << 22;
inline constexpr VmFlags kVmWipeonfork = 1ULL << 25;
inline constexpr VmFlags kVmDontdump = 1ULL << 26;
inline constexpr VmFlags kVmSoftdirty = 1ULL << 27;
inline constexpr VmFlags kVmMixedmap = 1ULL << 28;
inline constexpr VmFlags kVmHugepage = 1ULL << 29;
inline constexpr VmFlags kVmNohugepage = 1ULL << 30;
inline constexpr VmFlags kVmMergeable = 1ULL << 31;
inline constexpr VmFlags kVmShadowStack = 1ULL << 37;
inline constexpr VmFlags kVmDroppable = 1ULL << 40;
inline constexpr VmFlags kVmUffdMinor = 1ULL << 41;
inline constexpr VmFlags kVmSealed = 1ULL << 42;
inline constexpr VmFlags kVmUffdRwp = 1ULL << 43;

inline constexpr VmFlags kVmAccessFlags = kVmRead | kVmWrite | kVmExec;
inline constexpr VmFlags kVmUffdFlags = kVmUffdMissing | kVmUffdWp | kVmUffdMinor | kVmUffdRwp;
inline constexpr VmFlags kVmSpecial = kVmIo | kVmDontexpand | kVmPfnmap | kVmMixedmap;
// Differences that do not keep two VMAs apart (VM_IGNORE_MERGE).
inline constexpr VmFlags kVmIgnoreMerge = kVmSoftdirty | kVmMaybeGuard;

struct Vma {
  Vpn start{};  // first page
  Vpn end{};    // one past the last
  VmFlags flags = 0;
  Pgprot page_prot = 0;
  FileId file{};                   // 0: anonymous private
  Pgoff pgoff{};                   // of `start`; anonymous: the linear index (start at creation)
  CtxId ctx{};                     // userfaultfd context, 0: none
  std::uint32_t anon_vma = 0;      // identity of the reverse map, 0: no anonymous page yet
  std::uint16_t policy = 0;        // NUMA policy: 0 default, else node + 1 (bind)
  Hstate hstate = Hstate::kPmd;    // hugetlb: the size of its pages
  bool anon_vma_shared = false;    // the chain has more than one link (after fork)
  bool huge_pages_stolen = false;  // hugetlb: the owner took a page back (HPAGE_RESV_UNMAPPED)
  std::uint16_t reserve_map =
      0;  // private hugetlb: its World::reserve_maps, 0: owns no reservation

  std::uint64_t pages() const { return end.value - start.value; }
  bool Has(VmFlags f) const { return (flags & f) != 0; }
  bool Contains(Vpn vpn) const { return start <= vpn && vpn < end; }

  bool Anonymous() const { return file.value == 0; }  // vma_is_anonymous()
  bool Hugetlb() const { return Has(kVmHugetlb); }
  bool Shared() const { return Has(kVmShared); }
  bool Accessible() const { return Has(kVmAccessFlags); }  // vma_is_accessible()
  bool UffdWp() const { return Has(kVmUffdWp); }
  bool UffdRwp() const { return Has(kVmUffdRwp); }
  bool UffdMissing() const { return Has(kVmUffdMissing); }
  bool UffdMinor() const { return Has(kVmUffdMinor); }
  bool UffdArmed() const { return Has(kVmUffdFlags); }
  bool IsCow() const { return (flags & (kVmShared | kVmMaywrite)) == kVmMaywrite; }

  // NUMA node that new pages of the VMA come from.
  std::uint8_t node() const { return policy == 0 ? 0 : static_cast<std::uint8_t>(policy - 1); }

  // Linear page index of an address (linear_page_index()), in base pages also for hugetlb.
  std::uint64_t IndexOf(Vpn vpn) const { return pgoff.value + (vpn.value - start.value); }
};

// The ordered list of an mm's VMAs, with splitting and merging.
// Errors: none; the callers check what the kernel checks.
class VmaTree {
 public:
  using List = std::vector<Vma>;
  const List& list() const { return list_; }
  List& list() { return list_; }

  // The VMA that contains `vpn`; null when none.
  Vma* Find(Vpn vpn);
  const Vma* Find(Vpn vpn) const;
  // Index of the first VMA that ends after `vpn` (find_vma()); list().size() when none.
  std::size_t LowerBound(Vpn vpn) const;

  // Inserts without merging; the place must be free.
  void Insert(const Vma& vma);
  // Splits the VMA that strictly contains `vpn`, if any, so that a VMA boundary is there.
  void SplitAt(Vpn vpn);
  // Removes all VMAs wholly inside [first, last); boundaries must have been split.
  void Erase(Vpn first, Vpn last);
  // vma_modify() of one changed piece: merges across `first` and `last`, nowhere else.
  void MergeAround(Vpn first, Vpn last);

  // Whether `a`, directly before `b`, could be one VMA with it (can_vma_merge_after/before).
  static bool CanMerge(const Vma& a, const Vma& b);

 private:
  List list_;
};

// Letters of /proc/PID/smaps VmFlags in the kernel's order, e.g. "rd wr mr mw me ac sd ur".
std::string VmFlagsText(VmFlags flags);
// "rw-p" of /proc/PID/maps.
std::string ProtText(VmFlags flags);

}  // namespace uffdsim
