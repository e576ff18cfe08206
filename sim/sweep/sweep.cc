#include "sim/sweep/sweep.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/parallel/parallel.h"
#include "traces/reader.h"

namespace uffdsim {
namespace {

absl::StatusOr<ReplayMetrics> RunOne(const SweepPlan& plan, const SweepRun& run) {
  absl::StatusOr<std::unique_ptr<TraceReader>> reader = TraceReader::Open(run.options.trace);
  if (!reader.ok()) return reader.status();
  TraceStream stream(*std::move(reader));
  const absl::StatusOr<ReplayResult> result =
      RunReplay(run.config, stream, plan.traces.at(run.options.trace).distinct_pages);
  if (!result.ok()) return result.status();
  return result->metrics;
}

// "tracker=rwp dram=50%": what sets the run apart.
std::string AxesOf(const SweepPlan& plan, const SweepRun& run) {
  std::string text;
  for (const SweepAxis& axis : plan.spec.axes) {
    absl::StrAppend(&text, text.empty() ? "" : " ", axis.key, "=",
                    run.options.*SweepMember(axis.key));
  }
  return text;
}

}  // namespace

absl::StatusOr<SweepCounts> RunSweep(
    const SweepPlan& plan, unsigned threads, SweepDatabase& database,
    const std::function<void(std::size_t, std::size_t)>& progress) {
  SweepCounts counts;
  counts.runs = plan.runs.size();
  std::vector<const SweepRun*> pending;
  std::set<std::string> chosen;
  for (const SweepRun& run : plan.runs) {
    if (database.Has(run.digest)) {
      ++counts.found_done;
    } else if (chosen.insert(run.digest).second) {
      pending.push_back(&run);
    }
  }
  std::vector<std::optional<absl::StatusOr<ReplayMetrics>>> results(pending.size());
  absl::Status stored;
  std::size_t finished = 0;
  RunParallel(
      pending.size(), threads, [&](std::size_t i) { results[i] = RunOne(plan, *pending[i]); },
      [&](std::size_t i) {
        if (results[i]->ok()) {
          stored = database.Insert(*pending[i], plan.traces.at(pending[i]->options.trace).digest,
                                   **results[i]);
          counts.newly_done += stored.ok() ? 1 : 0;
        }
        if (progress) progress(counts.found_done + ++finished, counts.found_done + pending.size());
        return stored.ok();
      });
  if (!stored.ok()) return stored;
  for (std::size_t i = 0; i < pending.size(); ++i) {
    if (results[i]->ok()) continue;
    return absl::Status(results[i]->status().code(),
                        absl::StrCat("run ", AxesOf(plan, *pending[i]), ": ",
                                     std::string(results[i]->status().message())));
  }
  return counts;
}

std::size_t CountBadRuns(const SweepPlan& plan, const SweepDatabase& database) {
  return static_cast<std::size_t>(
      std::count_if(plan.runs.begin(), plan.runs.end(), [&](const SweepRun& run) {
        const ReplayMetrics& metrics = database.Get(run.digest);
        return metrics.lost_updates != 0 || metrics.violations != 0;
      }));
}

}  // namespace uffdsim
