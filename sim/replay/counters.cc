#include "sim/replay/counters.h"

#include "traces/event.h"

namespace uffdsim {
namespace {

constexpr MetricRow kMetricRows[] = {
#define METRIC(name, kind, sentence) {#name, MetricKind::kind, sentence, &ReplayMetrics::name},
#include "sim/replay/metrics.def"
#undef METRIC
};

}  // namespace

std::span<const MetricRow> ReplayMetricRows() { return kMetricRows; }

void CountEntries(std::span<const std::uint32_t> entries, ReplayMetrics* m) {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t fetches = 0;
  for (const std::uint32_t entry : entries) {
    reads += entry & kTouchRead;
    writes += (entry & kTouchWrite) / kTouchWrite;
    fetches += (entry & kTouchFetch) / kTouchFetch;
  }
  m->reads += reads;
  m->writes += writes;
  m->fetches += fetches;
}

void FillFrom(const HostCounters& counters, IntervalRow* row) {
  row->pages_armed = counters.pages_armed;
  row->refetched_pages = counters.refetched;
  row->false_cold_pages = counters.false_cold;
}

void FillFrom(const StoreCounters& counters, IntervalRow* row) {
  row->store_bytes_read = counters.bytes_read;
  row->store_bytes_written = counters.bytes_written;
}

void FillFrom(const HostCounters& counters, ReplayMetrics* m) {
  m->messages = counters.messages;
  m->pages_armed = counters.pages_armed;
  m->pages_resolved = counters.pages_resolved;
  m->pages_unmapped = counters.pages_unmapped;
  m->pages_aged = counters.pages_aged;
  m->pages_scanned = counters.pages_scanned;
  m->pages_hashed = counters.pages_hashed;
  m->mode_switches = counters.mode_switches;
  m->resident_pages_max = counters.resident_max;
  m->refetched_pages = counters.refetched;
  m->false_cold_pages = counters.false_cold;
  m->read_ahead_pages = counters.read_ahead;
  m->read_ahead_useful = counters.read_ahead_useful;
  m->read_ahead_wasted = counters.read_ahead_wasted;
}

void FillFromSleeps(const Histogram& ns, ReplayMetrics* m) {
  m->blocked_faults = ns.count();
  m->blocked_ns_total = ns.sum();
  m->blocked_ns_p50 = ns.Percentile(500);
  m->blocked_ns_p99 = ns.Percentile(990);
  m->blocked_ns_p999 = ns.Percentile(999);
  m->blocked_ns_max = ns.max();
}

void FillFromRefaults(const Histogram& pages, ReplayMetrics* m) {
  m->refault_distance_p50_pages = pages.Percentile(500);
  m->refault_distance_p99_pages = pages.Percentile(990);
  m->refault_distance_p999_pages = pages.Percentile(999);
  m->refault_distance_max_pages = pages.max();
}

void FillFrom(const EvictionCounts& counts, ReplayMetrics* m) {
  m->evicted_clean = counts.clean;
  m->evicted_dirty = counts.dirty;
  m->evicted_pages = counts.clean + counts.dirty;
  m->evicted_direct = counts.direct;
  m->evictions_revoked = counts.revoked;
  m->evictions_refused = counts.refused;
}

void FillFrom(const StoreCounters& counters, ReplayMetrics* m) {
  m->store_read_failures = counters.read_failures;
  m->store_write_failures = counters.write_failures;
  m->store_reads = counters.reads;
  m->store_writes = counters.writes;
  m->store_bytes_read = counters.bytes_read;
  m->store_bytes_written = counters.bytes_written;
}

}  // namespace uffdsim
