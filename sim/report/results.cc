#include "sim/report/results.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "sim/text/json_text.h"

namespace uffdsim {
namespace {

constexpr char kSchema[] = "uffdsim-result-1";

// What the charts cannot do without, per command.
bool HasParts(const ResultJson& result) {
  const std::string command = result["command"].get<std::string>();
  const auto has_array = [&](const char* key) {
    return result.contains(key) && result[key].is_array();
  };
  const auto has_object = [&](const char* key) {
    return result.contains(key) && result[key].is_object();
  };
  if (!has_array("inputs") || result["inputs"].empty()) return false;
  if (command == "replay") return has_object("config") && has_object("metrics");
  if (command == "sweep") {
    return has_array("runs") &&
           std::all_of(result["runs"].begin(), result["runs"].end(), [](const ResultJson& run) {
             return run.contains("config") && run.contains("metrics");
           });
  }
  return command == "mrc" && has_array("curves") && has_object("metrics");
}

// Whether runs of one tracker have one value of the key: then it is the tracker's own choice.
bool FollowsTracker(const std::vector<ResultRun>& runs, const std::string& key) {
  std::map<std::string, std::string> of_tracker;
  return std::all_of(runs.begin(), runs.end(), [&](const ResultRun& run) {
    const std::string value = run.config->value(key, "");
    return of_tracker.emplace(run.config->value("tracker", ""), value).first->second == value;
  });
}

// Whether the key says anything that a reader needs to tell runs apart.
bool TellsApart(const std::vector<ResultRun>& runs, const std::string& key) {
  if (key == "heat_map") return false;  // what a result shows, not what was run
  if (key == "arming" && FollowsTracker(runs, key)) return false;
  const ResultJson first = runs[0].config->value(key, ResultJson());
  return std::any_of(runs.begin(), runs.end(), [&](const ResultRun& run) {
    return run.config->value(key, ResultJson()) != first;
  });
}

// "clock:bits=1" is called clock unless another clock is there; a trace loses its folder.
std::string ShortValue(const std::vector<ResultRun>& runs, const std::string& key,
                       const ResultRun& of) {
  const ResultJson value = of.config->value(key, ResultJson());
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (text.empty()) return absl::StrCat("no ", key);
  if (key == "trace") return text.substr(text.rfind('/') + 1);
  const std::string name = text.substr(0, text.find(':'));
  const bool alone = std::all_of(runs.begin(), runs.end(), [&](const ResultRun& run) {
    const ResultJson other = run.config->value(key, ResultJson());
    return other == value || !other.is_string() ||
           other.get<std::string>().substr(0, other.get<std::string>().find(':')) != name;
  });
  return alone ? name : text;
}

// Whether a replay is also a run of the sweep: its picture may differ, but not its figures.
bool SameRun(const ResultJson& a, const ResultJson& b) {
  ResultJson config = a;
  if (config.contains("heat_map")) config["heat_map"] = b.value("heat_map", ResultJson());
  return config == b;
}

}  // namespace

absl::StatusOr<ResultJson> ParseResult(std::string_view text, std::string_view file) {
  absl::StatusOr<ResultJson> result = ParseJsonText(text, file);
  if (!result.ok()) return result;
  const bool ours = result->is_object() && result->contains("schema") &&
                    (*result)["schema"] == kSchema && result->contains("command") &&
                    (*result)["command"].is_string();
  if (!ours || !HasParts(*result)) {
    return JsonError(
        text, file, "",
        absl::StrCat("expected a result of `uffdsim replay`, `sweep` or `mrc` (--json), "
                     "of schema \"",
                     kSchema, "\""));
  }
  return result;
}

double ResultRun::OfOwnTime(const char* name) const {
  const double own = Metric("trace_ns") + Metric("idle_ns");
  return own == 0 ? 0 : Metric(name) / own;
}

std::vector<ResultRun> RunsOf(const std::vector<ResultJson>& results) {
  std::vector<ResultRun> runs;
  for (const ResultJson& result : results) {
    if (result["command"] != "replay") continue;
    runs.push_back({&result["config"], &result["metrics"], "", true});
  }
  const std::size_t replays = runs.size();
  for (const ResultJson& result : results) {
    if (result["command"] != "sweep") continue;
    for (const ResultJson& run : result["runs"]) {
      const bool known = std::any_of(
          runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(replays),
          [&](const ResultRun& replay) { return SameRun(*replay.config, run["config"]); });
      if (!known) runs.push_back({&run["config"], &run["metrics"], "", false});
    }
  }
  if (runs.empty()) return runs;
  for (const auto& item : runs[0].config->items()) {
    const std::string& key = item.key();
    if (!TellsApart(runs, key)) continue;
    for (ResultRun& run : runs) {
      absl::StrAppend(&run.label, run.label.empty() ? "" : ", ", ShortValue(runs, key, run));
    }
  }
  for (ResultRun& run : runs) {
    if (run.label.empty()) run.label = run.config->value("tracker", "the run");
  }
  return runs;
}

}  // namespace uffdsim
