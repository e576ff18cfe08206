// The main job: a guest's accesses run against the modelled kernel and a VMM, in virtual time.
//
// Rules:   vCPUs are closed loops: a stall delays everything after it. What is due first runs
// first:
//          a vCPU, the VMM's handler, or its background thread; each runs on until another is due.
//          With several vCPUs one trace event is the smallest turn. The result is a function of the
//          stream, the configuration and the seed.
// Owned by: the caller; one Replay is one run. Errors: InvalidArgument for a configuration that
// does
//          not suit the trace, and the stream's own errors.
// Units:   virtual nanoseconds, pages of the architecture.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/replay/config.h"
#include "sim/replay/event_feed.h"
#include "sim/replay/heat_map.h"
#include "sim/vmm/host.h"

namespace uffdsim {

struct ReplayMetrics {
#define METRIC(name, kind, sentence) std::uint64_t name = 0;
#include "sim/replay/metrics.def"
#undef METRIC
};

enum class MetricKind : std::uint8_t { kCount, kRatio };
struct MetricRow {
  std::string_view name;
  MetricKind kind;
  std::string_view sentence;
  std::uint64_t ReplayMetrics::*member;
};
std::span<const MetricRow> ReplayMetricRows();

// One tracking interval; the last one may be cut off by the end of the trace.
struct IntervalRow {
  std::uint64_t begin_ns = 0;
  std::uint64_t end_ns = 0;
#define SERIES(name, kind, sentence) std::uint64_t name = 0;
#include "sim/replay/series.def"
#undef SERIES
};

enum class SeriesKind : std::uint8_t { kDelta, kLevel };
struct SeriesInfo {
  std::string_view name;
  SeriesKind kind;
  std::string_view sentence;
  std::uint64_t IntervalRow::*member;
};
std::span<const SeriesInfo> SeriesRows();

struct ReplayResult {
  ReplayMetrics metrics;
  // Of the lengths of stalls: (ns, stalls that were at most so long), ascending in both.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> stall_distribution;
  // Likewise of sleeps, and of refault distances in pages.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> blocked_distribution;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> refault_distribution;
  std::optional<HeatMapData> heat_map;  // when asked for
  std::vector<IntervalRow> intervals;
  std::vector<std::string> violations;  // the first few, as sentences
};

// What stands between the VMM and the kernel; tests put a faulty one there.
using HostWrapper = std::function<std::unique_ptr<Host>(Host&)>;

// `footprint_pages`: distinct pages of the trace, in pages of the trace; needed for a limit that is
// a share of it, else 0.
absl::StatusOr<ReplayResult> RunReplay(const ReplayConfig& config, EventStream& stream,
                                       std::uint64_t footprint_pages,
                                       const HostWrapper& wrap = nullptr);

}  // namespace uffdsim
