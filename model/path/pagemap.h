// What a page-table entry says to those who only look: /proc/PID/pagemap and mincore().
//
// Mirrors: pagemap_read() of fs/proc/task_mmu.c, do_mincore() of mm/mincore.c. Nothing is changed.
// Units:   pages; `pagemap` words are the kernel's, with the frame number in the low bits.
#pragma once

#include <cstdint>

#include "model/uffd/world.h"

namespace uffdsim {

// Bits of a pagemap word (PM_*).
inline constexpr std::uint64_t kPmSoftDirty = 1ULL << 55;
inline constexpr std::uint64_t kPmExclusive = 1ULL << 56;
inline constexpr std::uint64_t kPmUffd = 1ULL << 57;
inline constexpr std::uint64_t kPmGuard = 1ULL << 58;
inline constexpr std::uint64_t kPmFile = 1ULL << 61;
inline constexpr std::uint64_t kPmSwap = 1ULL << 62;
inline constexpr std::uint64_t kPmPresent = 1ULL << 63;
inline constexpr std::uint64_t kPmFrameMask = (1ULL << 55) - 1;

// The entry that decides about one page of a VMA, found as a page walk finds it.
struct EntryAt {
  Word word = 0;        // as the helpers of `form` read it (hugetlb: after HugetlbLoad)
  Form form{};          // hugetlb entries are read with the PTE helpers
  int level = 0;        // of the entry; without a table, of the lowest table that is missing + 1
  bool exists = false;  // a table that has a slot for it exists
  Vpn first{};          // first page that it covers
};
EntryAt FindEntry(const World& w, MmId mm, const Vma& vma, Vpn vpn);

// The frame behind one page of a present entry; the entry may cover many.
inline Pfn FrameOf(const World& w, const EntryAt& entry, Vpn vpn) {
  return w.arch->PfnOf(entry.form, entry.word) + static_cast<std::uint32_t>(vpn - entry.first);
}

// vm_normal_page() is null: the zero page, at any level.
bool IsZeroMapping(const World& w, const EntryAt& entry);

bool IsSwapEntry(const World& w, const EntryAt& entry);
// A migration, device or hwpoison entry names a frame; `pfn` is its first one.
bool SoftleafHasFrame(const World& w, const EntryAt& entry, Pfn* pfn);

std::uint64_t PagemapWord(const World& w, const Vma& vma, const EntryAt& entry, Vpn vpn);
bool MincoreBit(const World& w, const Vma& vma, const EntryAt& entry, Vpn vpn);

}  // namespace uffdsim
