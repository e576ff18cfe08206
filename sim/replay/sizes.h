// What a run is made of: sizes that follow from the configuration and the trace together, and the
// settings of its parts.
//
// Owned by: values. Errors: InvalidArgument for a configuration that does not suit the trace.
// Units:   pages of the architecture, bytes, instructions per second.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "sim/replay/config.h"
#include "sim/replay/linux_host.h"
#include "sim/vmm/vmm.h"
#include "traces/header.h"

namespace uffdsim {

struct Sizes {
  std::uint32_t guest_pages = 0;  // of the architecture
  std::uint64_t limit_pages = 0;
  std::uint64_t page_bytes = 0;
  unsigned coarsen = 0;
  std::uint64_t rate = 0;
};

// `footprint_pages`: of the trace, in its pages; 0 where nothing depends on it.
absl::StatusOr<Sizes> SizesOf(const ReplayConfig& config, const TraceHeader& header,
                              std::uint64_t footprint_pages);
HostSetting HostSettingOf(const ReplayConfig& config, const Sizes& sizes);
VmmSetting VmmSettingOf(const ReplayConfig& config, const Sizes& sizes);

}  // namespace uffdsim
