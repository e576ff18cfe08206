// Strong integer types for the things that memory management numbers.
//
// Mirrors: pfn, vpn and swap offset arithmetic of include/linux/mm_types.h. A frame number and a
// page number are both 64-bit integers in the kernel; here mixing them does not compile.
#pragma once

#include <compare>
#include <cstdint>

namespace uffdsim {

// An integer that only compares with, and adds to, its own kind. `Tag` is never defined.
template <class Tag, class Rep>
struct Id {
  Rep value = 0;

  constexpr Id() = default;
  constexpr explicit Id(Rep v) : value(v) {}
  friend constexpr auto operator<=>(const Id&, const Id&) = default;

  constexpr Id& operator++() {
    ++value;
    return *this;
  }
  friend constexpr Id operator+(Id a, Rep n) { return Id(static_cast<Rep>(a.value + n)); }
  friend constexpr Id operator-(Id a, Rep n) { return Id(static_cast<Rep>(a.value - n)); }
  friend constexpr Rep operator-(Id a, Id b) { return static_cast<Rep>(a.value - b.value); }
};

using Vpn = Id<struct VpnTag, std::uint64_t>;      // virtual address >> page shift, in one mm
using Pfn = Id<struct PfnTag, std::uint32_t>;      // frame number; 0 is the shared zero page
using Pgoff = Id<struct PgoffTag, std::uint64_t>;  // page offset in a file

// Handles into the machine's tables. Process 0 exists from the start; of the other kinds 0 means
// "none".
using MmId = Id<struct MmTag, std::uint16_t>;
using FileId = Id<struct FileTag, std::uint16_t>;
using CtxId = Id<struct CtxTag, std::uint16_t>;
using TaskId = Id<struct TaskTag, std::uint16_t>;
using SwapSlot = Id<struct SwapSlotTag, std::uint32_t>;

}  // namespace uffdsim
