// What a scenario asks of the kernel beyond every kernel, and what this kernel offers.
//
// A kernel that lacks something would only answer EINVAL again and again: such a scenario is
// skipped, and the record says so. Mirrors: UFFD_FEATURE_* of include/uapi/linux/userfaultfd.h, as
// UFFDIO_API answers them.
#pragma once

#include <cstdint>
#include <string>

#include "sim/scenario/statement.h"

namespace uffdsim {

struct Offer {
  std::uint64_t features = 0;    // UFFDIO_API's; 0 when userfaultfd cannot be used
  std::uint32_t nodes = 2;       // with memory; 0: a kernel without CONFIG_NUMA
  std::uint64_t huge_pages = 0;  // in the pool of the default size
  bool moves_huge = true;        // ARCH_ENABLE_HUGEPAGE_MIGRATION
  std::uint64_t huge_bytes = 0;  // of one of them; 0: no hugetlb
  bool huge_settings = true;     // are as scenarios take them
  bool proc_mem_forces = false;  // /proc/self/mem writes where the mapping does not allow it
};
Offer OfferOfKernel();
// The features alone.
std::uint64_t OfferedFeatures();

// Empty, or the reason: "kernel has no RWP".
std::string Lacking(const Scenario& scenario, const Offer& offer);

}  // namespace uffdsim
