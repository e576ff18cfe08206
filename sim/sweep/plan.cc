// From a spec to the runs of a sweep: every value and every combination looked at.
#include <xxhash.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/sweep/spec.h"
#include "sim/text/json_text.h"

namespace uffdsim {
namespace {

constexpr std::size_t kMostRuns = 1'000'000;

class Planner {
 public:
  Planner(std::string_view text, std::string_view file, const ReadFile& read_file)
      : text_(text), file_(file), read_file_(read_file) {}

  absl::StatusOr<SweepPlan> Run() {
    absl::StatusOr<SweepSpec> spec = ParseSweepSpec(text_, file_);
    if (!spec.ok()) return spec.status();
    plan_.spec = *std::move(spec);
    absl::Status status = CheckValues();
    if (status.ok()) status = Multiply();
    if (!status.ok()) return status;
    return std::move(plan_);
  }

 private:
  absl::Status Error(std::string_view pointer, const absl::Status& status) const {
    return JsonError(text_, file_, pointer,
                     std::string_view(status.message().data(), status.message().size()));
  }

  // Each value alone, so that an error names its place in the spec.
  absl::Status CheckValues() {
    for (const auto& [key, value] : plan_.spec.fixed) {
      absl::Status status = CheckValue(key, value);
      if (!status.ok()) return Error(absl::StrCat("/options/", PointerPart(key)), status);
    }
    for (const SweepAxis& axis : plan_.spec.axes) {
      for (std::size_t i = 0; i < axis.values.size(); ++i) {
        absl::Status status = CheckValue(axis.key, axis.values[i]);
        if (!status.ok()) {
          return Error(absl::StrCat("/axes/", PointerPart(axis.key), "/", i), status);
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckValue(std::string_view key, const std::string& value) {
    if (key == "trace") return LookAt(value);
    ReplayOptions options;
    options.*SweepMember(key) = value;
    return Resolve(options).status();
  }

  absl::Status LookAt(const std::string& path) {
    if (plan_.traces.contains(path)) return absl::OkStatus();
    absl::StatusOr<TraceInfo> info = ReadTraceInfo(path);
    if (!info.ok()) return info.status();
    if (info->format != "uftrace" || info->digest.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", path, "': expected a UFTRACE file, found format ", info->format));
    }
    plan_.traces.emplace(path, *std::move(info));
    return absl::OkStatus();
  }

  absl::StatusOr<ReplayConfig> Resolve(const ReplayOptions& options) {
    if (options.costs == "default") return ResolveReplay(options, "");
    const auto known = cost_files_.find(options.costs);
    if (known != cost_files_.end()) return ResolveReplay(options, known->second);
    absl::StatusOr<std::string> costs = read_file_(options.costs);
    if (!costs.ok()) return costs.status();
    return ResolveReplay(options,
                         cost_files_.emplace(options.costs, *std::move(costs)).first->second);
  }

  absl::Status Multiply() {
    std::size_t runs = 1;
    for (const SweepAxis& axis : plan_.spec.axes) {
      if (runs > kMostRuns / axis.values.size()) {
        return JsonError(text_, file_, "/axes",
                         absl::StrCat("expected at most ", kMostRuns, " runs in all"));
      }
      runs *= axis.values.size();
    }
    for (std::size_t i = 0; i < runs; ++i) {
      SweepRun run;
      run.options = plan_.spec.options;
      std::size_t rest = i;
      for (std::size_t a = plan_.spec.axes.size(); a-- > 0;) {
        const SweepAxis& axis = plan_.spec.axes[a];
        run.options.*SweepMember(axis.key) = axis.values[rest % axis.values.size()];
        rest /= axis.values.size();
      }
      absl::StatusOr<ReplayConfig> config = Resolve(run.options);
      if (!config.ok()) return Error("/axes", config.status());
      run.config = *std::move(config);
      run.digest = DigestOf(run);
      plan_.runs.push_back(std::move(run));
    }
    return absl::OkStatus();
  }

  // Names of files say nothing: what is in them counts.
  std::string DigestOf(const SweepRun& run) const {
    std::string identity = absl::StrCat("uffdsim ", UFFDSIM_VERSION, "\ntrace ",
                                        plan_.traces.at(run.options.trace).digest, "\n");
    for (const auto& [key, value] : Echo(run.options, run.config)) {
      if (key == "trace" || key == "costs" || key == "what_if") continue;
      absl::StrAppend(&identity, key, " ", value, "\n");
    }
    absl::StrAppend(&identity, FormatCosts(run.config.costs));
    const XXH128_hash_t hash = XXH3_128bits(identity.data(), identity.size());
    return absl::StrFormat("%016x%016x", hash.high64, hash.low64);
  }

  std::string_view text_;
  std::string_view file_;
  const ReadFile& read_file_;
  SweepPlan plan_;
  std::map<std::string, std::string> cost_files_;
};

}  // namespace

absl::StatusOr<SweepPlan> PlanSweep(std::string_view text, std::string_view file,
                                    const ReadFile& read_file) {
  return Planner(text, file, read_file).Run();
}

}  // namespace uffdsim
