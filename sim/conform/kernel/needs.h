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

// UFFDIO_API's features; 0 when userfaultfd cannot be used.
std::uint64_t OfferedFeatures();

// Empty, or the reason: "kernel has no RWP".
std::string Lacking(const Scenario& scenario, std::uint64_t offered);

}  // namespace uffdsim
