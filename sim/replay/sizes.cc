#include "sim/replay/sizes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace uffdsim {

absl::StatusOr<Sizes> SizesOf(const ReplayConfig& config, const TraceHeader& header,
                              std::uint64_t footprint_pages) {
  Sizes sizes;
  const unsigned shift = config.arch->geometry().page_shift;
  if (header.page_shift > shift) {
    return absl::InvalidArgumentError(absl::StrCat(
        "architecture ", std::string(config.arch->name()), " has pages of ", 1ULL << shift,
        " bytes: expected at least the trace's ", 1ULL << header.page_shift));
  }
  sizes.coarsen = shift - header.page_shift;
  sizes.page_bytes = 1ULL << shift;
  const std::uint64_t pages = (header.ram_pages + (1ULL << sizes.coarsen) - 1) >> sizes.coarsen;
  sizes.guest_pages = static_cast<std::uint32_t>(pages);
  sizes.rate = config.rate != 0 ? config.rate : header.instructions_per_second;
  switch (config.dram.kind) {
    case DramLimit::Kind::kAll: sizes.limit_pages = pages; break;
    case DramLimit::Kind::kBytes: sizes.limit_pages = config.dram.bytes >> shift; break;
    case DramLimit::Kind::kFootprint:
      sizes.limit_pages = ((footprint_pages >> sizes.coarsen) * config.dram.millionths) / 1000000;
      break;
  }
  sizes.limit_pages = std::min(sizes.limit_pages, pages);
  // A vCPU needs its page to stay until it has used it.
  const std::uint64_t least = std::max<std::uint64_t>(16, std::uint64_t{header.vcpus} * 4);
  if (sizes.limit_pages < std::min(least, pages)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--dram leaves ", sizes.limit_pages, " pages: expected at least ", least));
  }
  return sizes;
}

HostSetting HostSettingOf(const ReplayConfig& config, const Sizes& sizes) {
  HostSetting setting;
  setting.arch = config.arch;
  setting.steps = config.steps;
  setting.guest_pages = sizes.guest_pages;
  setting.limit_pages = sizes.limit_pages;
  setting.registration = config.tracker->registration;
  setting.false_cold_intervals = config.false_cold_intervals;
  setting.costs = config.costs;
  return setting;
}

VmmSetting VmmSettingOf(const ReplayConfig& config, const Sizes& sizes) {
  VmmSetting setting;
  setting.tracker = config.tracker;
  setting.arming = config.arming;
  setting.seed = config.seed;
  setting.limit_pages = sizes.limit_pages;
  setting.interval_ns = config.interval_ns;
  const std::uint64_t chunk =
      std::clamp<std::uint64_t>(config.arm_chunk_bytes / sizes.page_bytes, 1, sizes.guest_pages);
  setting.arm_chunk_pages = static_cast<std::uint32_t>(chunk);
  setting.evict_batch_pages = config.evict_batch_pages;
  setting.evict_batches = config.write_back_batches;
  setting.read_ahead_pages = config.read_ahead_pages;
  setting.write_tries = config.write_tries;
  setting.retry_pause_ns = config.retry_pause_ns;
  setting.handler_wake_ps = config.costs.handler_wake_ps;
  setting.evict = config.evict;
  return setting;
}

}  // namespace uffdsim
