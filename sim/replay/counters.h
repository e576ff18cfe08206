// The figures of metrics.def and series.def that a part of the machine counts, under another name.
//
// Owned by: the caller. Errors: none.
#pragma once

#include <cstdint>
#include <span>

#include "sim/replay/histogram.h"
#include "sim/replay/linux_host.h"
#include "sim/replay/replay.h"
#include "sim/store/store.h"
#include "sim/vmm/evictor.h"

namespace uffdsim {

// Adds the touches of a trace's event, by what they are.
void CountEntries(std::span<const std::uint32_t> entries, ReplayMetrics* m);

// Running totals of an interval's row.
void FillFrom(const HostCounters& counters, IntervalRow* row);
void FillFrom(const StoreCounters& counters, IntervalRow* row);

void FillFrom(const HostCounters& counters, ReplayMetrics* m);
void FillFrom(const EvictionCounts& counts, ReplayMetrics* m);
void FillFromSleeps(const Histogram& ns, ReplayMetrics* m);
void FillFromRefaults(const Histogram& pages, ReplayMetrics* m);
void FillFrom(const StoreCounters& counters, ReplayMetrics* m);

}  // namespace uffdsim
