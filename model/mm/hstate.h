// The sizes of huge pages that hugetlbfs has.
//
// Mirrors: struct hstate of include/linux/hugetlb.h, with the two sizes that every tracked
//          architecture has: a leaf of the PMD table, and a leaf of the PUD table (gigantic).
#pragma once

#include <cstdint>

#include "model/arch/layout.h"

namespace uffdsim {

enum class Hstate : std::uint8_t { kPmd, kPud };
inline constexpr int kHstates = 2;

// Which table holds the leaf.
constexpr int LevelOf(Hstate h) { return h == Hstate::kPmd ? 1 : 2; }
constexpr HugeSize SizeOf(Hstate h) { return h == Hstate::kPmd ? HugeSize::kPmd : HugeSize::kPud; }

}  // namespace uffdsim
