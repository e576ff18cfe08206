// The pool of huge pages of the kernel's default size.
//
// Mirrors: mm/hugetlb.c (/proc/meminfo, /sys/kernel/mm/hugepages). Units: bytes, huge pages.
#pragma once

#include <cstdint>
#include <string>

namespace uffdsim {

// As many are there when a scenario begins.
inline constexpr std::uint64_t kHugePagesOfScenario = 40;

// Size of one; 0 without hugetlb.
std::uint64_t HugePageBytes();
// The setting that says how many there are; empty without hugetlb.
std::string HugePoolPath();
// How many there are.
std::uint64_t HugePoolPages();

}  // namespace uffdsim
