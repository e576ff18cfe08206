#include "sim/report/verdict.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace uffdsim {
namespace {

std::string Percent(double ratio) {
  const double percent = 100 * ratio;
  if (percent >= 100) return absl::StrFormat("%.0f %%", percent);
  if (percent >= 10) return absl::StrFormat("%.1f %%", percent);
  return absl::StrFormat("%.2f %%", percent);
}

std::string MiB(double bytes) { return absl::StrFormat("%.1f MiB", bytes / (1 << 20)); }

std::string Time(double ns) {
  if (ns < 1e3) return absl::StrFormat("%.0f ns", ns);
  if (ns < 1e6) return absl::StrFormat("%.1f us", ns / 1e3);
  if (ns < 1e9) return absl::StrFormat("%.1f ms", ns / 1e6);
  return absl::StrFormat("%.2f s", ns / 1e9);
}

// A policy without its parameters.
std::string BriefOf(const std::string& choice) { return choice.substr(0, choice.find(':')); }

// A trace without its folder.
std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

void AddSafety(const std::vector<ResultRun>& runs, std::vector<VerdictSentence>* verdict) {
  const auto bad = std::count_if(runs.begin(), runs.end(), [](const ResultRun& run) {
    return run.Metric("lost_updates") > 0 || run.Metric("violations") > 0;
  });
  if (bad == 0) return;
  verdict->push_back(
      {absl::StrFormat("In %d of %d runs the guest lost writes or an invariant broke: "
                       "do not run it so.",
                       bad, runs.size()),
       true});
}

void AddSingle(const ResultRun& run, double page_bytes, std::vector<VerdictSentence>* verdict) {
  const std::pair<const char*, const char*> losses[] = {
      {"lost_to_first_touch_ns", "first touches"},
      {"lost_to_tracking_ns", "tracking"},
      {"lost_to_eviction_ns", "eviction"},
      {"lost_to_refetch_ns", "fetching evicted pages back"},
  };
  const auto* const largest = std::max_element(
      std::begin(losses), std::end(losses),
      [&](const auto& a, const auto& b) { return run.Metric(a.first) < run.Metric(b.first); });
  const double limit = run.Metric("limit_pages");
  const double footprint = run.Metric("footprint_pages");
  verdict->push_back(
      {absl::StrCat("With tracker ", run.config->value("tracker", "?"), " and policy ",
                    BriefOf(run.config->value("policy", "?")), " in ", MiB(limit * page_bytes),
                    ", ", Percent(footprint == 0 ? 0 : limit / footprint), " of what it touches, ",
                    NameOf(run.config->value("trace", "")), " lost ",
                    run.Metric("lost_updates") == 0 ? "no write" : "writes", " and ran ",
                    Percent(run.Metric("slowdown")), " slower, most of it by ", largest->second,
                    " (", Percent(run.OfOwnTime(largest->first)), ").")});
  verdict->push_back(
      {absl::StrCat("Its working set was seen within ", Percent(run.Metric("wss_error_rate")),
                    ", for ", Percent(run.OfOwnTime("lost_to_tracking_ns")),
                    " of the guest's time and ", Percent(run.OfOwnTime("tracker_busy_ns")),
                    " of a core; ", Percent(run.Metric("false_cold_rate")),
                    " of the evictions came too early, and a vCPU stopped for ",
                    Time(run.Metric("stall_ns_p99")), " at the 99th percentile.")});
}

// An oracle is no choice, unless there is nothing else.
std::vector<ResultRun> RealOnes(const std::vector<ResultRun>& runs) {
  std::vector<ResultRun> real;
  std::copy_if(runs.begin(), runs.end(), std::back_inserter(real),
               [](const ResultRun& run) { return run.config->value("tracker", "") != "oracle"; });
  return real.empty() ? runs : real;
}

void AddComparison(const std::vector<ResultRun>& all, std::vector<VerdictSentence>* verdict) {
  const std::vector<ResultRun> runs = RealOnes(all);
  const auto by = [&](const char* name) {
    return
        [name](const ResultRun& a, const ResultRun& b) { return a.Metric(name) < b.Metric(name); };
  };
  const auto [least, most] = std::minmax_element(runs.begin(), runs.end(), by("slowdown"));
  verdict->push_back({absl::StrFormat(
      "Of %d runs with a real tracker, %s slows the guest least (%s), %s most (%s)%s.", runs.size(),
      least->label, Percent(least->Metric("slowdown")), most->label,
      Percent(most->Metric("slowdown")),
      std::any_of(runs.begin(), runs.end(),
                  [](const ResultRun& run) { return run.Metric("lost_updates") > 0; })
          ? ""
          : "; none loses a write")});
  const auto [sharpest, blindest] =
      std::minmax_element(runs.begin(), runs.end(), by("wss_error_rate"));
  verdict->push_back(
      {absl::StrCat("The working set is seen best by ", sharpest->label, " (error ",
                    Percent(sharpest->Metric("wss_error_rate")), ") and worst by ", blindest->label,
                    " (", Percent(blindest->Metric("wss_error_rate")), ").")});
}

const ResultJson* FindCurve(const ResultJson& result, std::string_view name) {
  for (const ResultJson& curve : result["curves"]) {
    if (curve["name"] == name) return &curve;
  }
  return nullptr;
}

// The curve's point of the largest size up to `pages`; its misses, or 1 when all are larger.
double MissRatioAt(const ResultJson& curve, double pages) {
  double ratio = 1;
  for (std::size_t i = 0; i < curve["pages"].size(); ++i) {
    if (curve["pages"][i].get<double>() <= pages) ratio = curve["miss_ratio"][i].get<double>();
  }
  return ratio;
}

void AddCurves(const ResultJson& result, std::vector<VerdictSentence>* verdict) {
  const ResultJson* lru = FindCurve(result, "lru");
  if (lru == nullptr || (*lru)["pages"].empty()) return;
  const ResultJson& input = result["inputs"][0];
  const double page_bytes = input.value("page_bytes", 4096.0);
  const double footprint = result["metrics"].value("footprint_pages", 0.0);
  const double unavoidable = (*lru)["miss_ratio"].back().get<double>();
  // The smallest size from which LRU misses at most twice what it must.
  std::size_t enough = 0;
  for (std::size_t i = 0; i < (*lru)["pages"].size(); ++i) {
    if ((*lru)["miss_ratio"][i].get<double>() > 2 * unavoidable) enough = i + 1;
  }
  enough = std::min(enough, (*lru)["pages"].size() - 1);
  const double pages = (*lru)["pages"][enough].get<double>();
  std::string text =
      absl::StrCat(NameOf(input.value("path", "")), " under LRU needs ", MiB(pages * page_bytes),
                   ", ", Percent(footprint == 0 ? 0 : pages / footprint),
                   " of what it touches, to miss at most twice the ", Percent(unavoidable),
                   " it misses in ", MiB((*lru)["pages"].back().get<double>() * page_bytes), ".");
  const ResultJson* best = nullptr;
  for (const ResultJson& curve : result["curves"]) {
    const std::string name = curve["name"].get<std::string>();
    if (name == "min" || name.rfind("lru-", 0) == 0) continue;
    if (best == nullptr || MissRatioAt(curve, pages) < MissRatioAt(*best, pages)) best = &curve;
  }
  if (best != nullptr && best != lru) {
    absl::StrAppend(&text, " There ", (*best)["name"].get<std::string>(), " misses ",
                    Percent(MissRatioAt(*best, pages)), " and LRU ",
                    Percent(MissRatioAt(*lru, pages)), ".");
  }
  verdict->push_back({std::move(text)});
}

double PageBytesOf(const std::vector<ResultJson>& results) {
  for (const ResultJson& result : results) {
    if (result["command"] != "mrc") return result["inputs"][0].value("page_bytes", 4096.0);
  }
  return 4096;
}

}  // namespace

std::vector<VerdictSentence> VerdictOf(const std::vector<ResultJson>& results) {
  std::vector<VerdictSentence> verdict;
  const std::vector<ResultRun> runs = RunsOf(results);
  AddSafety(runs, &verdict);
  const auto replays = std::count_if(results.begin(), results.end(), [](const ResultJson& result) {
    return result["command"] == "replay";
  });
  if (runs.size() == 1) {
    AddSingle(runs[0], PageBytesOf(results), &verdict);
  } else if (replays == 1) {
    AddSingle(
        *std::find_if(runs.begin(), runs.end(), [](const ResultRun& run) { return run.alone; }),
        PageBytesOf(results), &verdict);
  }
  if (runs.size() > 1) AddComparison(runs, &verdict);
  for (const ResultJson& result : results) {
    if (result["command"] == "mrc") AddCurves(result, &verdict);
  }
  return verdict;
}

}  // namespace uffdsim
