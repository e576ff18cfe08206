// Runs a sweep: what its database lacks, on several threads, then the results in the spec's order.
//
// Rules:   a run's row is durable before it counts as done. Runs that end in an error are left out
// of
//          the database and tried again by the next sweep; the others are finished first. The
//          documents depend on the spec, the traces and the program, and on nothing else: not on
//          threads, time, or how often the sweep was killed.
// Owned by: the caller. Errors: the database's; the first failed run's, in the spec's order, with
//          its configuration.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "sim/sweep/database.h"
#include "sim/sweep/spec.h"

namespace uffdsim {

struct SweepCounts {
  std::size_t runs = 0;        // of the spec
  std::size_t found_done = 0;  // in the database already
  std::size_t newly_done = 0;
};

// Progress counts runs of the spec, those found done included.
absl::StatusOr<SweepCounts> RunSweep(const SweepPlan& plan, unsigned threads,
                                     SweepDatabase& database,
                                     const std::function<void(std::size_t, std::size_t)>& progress);

// All runs of the plan must be in the database.
std::string SweepJson(const SweepPlan& plan, const SweepDatabase& database);
std::string SweepCsv(const SweepPlan& plan, const SweepDatabase& database);
std::string SweepTable(const SweepPlan& plan, const SweepDatabase& database);

// Runs in which the guest lost a write or an invariant broke: must be none.
std::size_t CountBadRuns(const SweepPlan& plan, const SweepDatabase& database);

}  // namespace uffdsim
