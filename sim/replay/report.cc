#include "sim/replay/report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "sim/replay/quantity.h"

namespace uffdsim {
namespace {

using Json = nlohmann::ordered_json;

Json MetricsJson(const ReplayMetrics& metrics) {
  Json json = Json::object();
  for (const MetricRow& row : ReplayMetricRows()) {
    const std::string name(row.name);
    const std::uint64_t value = metrics.*row.member;
    switch (row.kind) {
      case MetricKind::kCount: json[name] = value; break;
      case MetricKind::kRatio: json[name] = static_cast<double>(value) / 1e6; break;
    }
  }
  return json;
}

Json IntervalsJson(const std::vector<IntervalRow>& intervals) {
  Json rows = Json::array();
  for (const IntervalRow& row : intervals) {
    Json json;
    json["begin_ns"] = row.begin_ns;
    json["end_ns"] = row.end_ns;
    for (const SeriesInfo& series : SeriesRows()) {
      json[std::string(series.name)] = row.*series.member;
    }
    rows.push_back(std::move(json));
  }
  return rows;
}

Json HeatMapJson(const HeatMapData& heat_map) {
  Json json;
  json["rows"] = heat_map.rows;
  json["pages_per_row"] = heat_map.pages_per_row;
  json["end_ns"] = heat_map.end_ns;
  json["touched"] = heat_map.touched;
  json["armed"] = heat_map.armed;
  json["evicted"] = heat_map.evicted;
  json["refetched"] = heat_map.refetched;
  return json;
}

Json InputJson(const ReplayInput& input) {
  Json json;
  json["path"] = input.path;
  json["xxh3_128"] = input.digest;
  json["guest"] = input.header.guest;
  json["workload"] = input.header.workload;
  json["ram_pages"] = input.header.ram_pages;
  json["page_bytes"] = 1ULL << input.header.page_shift;
  json["vcpus"] = input.header.vcpus;
  json["instructions_per_second"] = input.header.instructions_per_second;
  return json;
}

std::uint64_t PerSecond(std::uint64_t count, std::uint64_t ns) {
  return ns == 0 ? 0
                 : static_cast<std::uint64_t>(static_cast<double>(count) * 1e9 /
                                              static_cast<double>(ns));
}

// 1234567 as 1,234,567.
std::string Grouped(std::uint64_t value) {
  std::string digits = absl::StrCat(value);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string Time(std::uint64_t ns) {
  if (ns < 10'000) return absl::StrFormat("%d ns", ns);
  if (ns < 10'000'000) return absl::StrFormat("%.1f us", static_cast<double>(ns) / 1e3);
  if (ns < 10'000'000'000) return absl::StrFormat("%.1f ms", static_cast<double>(ns) / 1e6);
  return absl::StrFormat("%.2f s", static_cast<double>(ns) / 1e9);
}

std::string Share(std::uint64_t millionths) {
  return absl::StrFormat("%.2f %%", static_cast<double>(millionths) / 1e4);
}

std::uint64_t ShareOf(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return 0;
  return static_cast<std::uint64_t>(static_cast<double>(part) * 1e6 / static_cast<double>(whole));
}

// "label   value  remark", with the labels and values of all lines aligned.
class Lines {
 public:
  void Title(std::string text) { lines_.push_back({std::move(text), "", ""}); }
  void Add(std::string label, std::string value, std::string remark = "") {
    lines_.push_back({std::move(label), std::move(value), std::move(remark)});
  }
  std::string Text() const {
    std::size_t labels = 0;
    std::size_t values = 0;
    for (const Line& line : lines_) {
      if (line.value.empty()) continue;
      labels = std::max(labels, line.label.size());
      values = std::max(values, line.value.size());
    }
    std::string text;
    for (const Line& line : lines_) {
      if (line.value.empty()) {
        absl::StrAppend(&text, line.label, "\n");
        continue;
      }
      absl::StrAppend(&text, "  ", line.label, std::string(labels - line.label.size() + 2, ' '),
                      std::string(values - line.value.size(), ' '), line.value);
      if (!line.remark.empty()) absl::StrAppend(&text, "  ", line.remark);
      text += "\n";
    }
    return text;
  }

 private:
  struct Line {
    std::string label;
    std::string value;
    std::string remark;
  };
  std::vector<Line> lines_;
};

void AddGuest(const ReplayMetrics& m, std::uint64_t page_bytes, Lines* lines) {
  const auto mib = [&](std::uint64_t pages) {
    return absl::StrFormat("pages, %.1f MiB", static_cast<double>(pages * page_bytes) / (1 << 20));
  };
  lines->Title("guest");
  lines->Add("accesses", Grouped(m.accesses),
             absl::StrCat("in ", Time(m.virtual_ns), " of virtual time"));
  lines->Add("footprint", Grouped(m.footprint_pages), mib(m.footprint_pages));
  lines->Add("limit", Grouped(m.limit_pages), mib(m.limit_pages));
  lines->Add("resident, mean", Grouped(m.resident_pages_mean), mib(m.resident_pages_mean));
  lines->Add("working set, true", Grouped(m.wss_true_mean_pages), "pages an interval, mean");
  lines->Add("working set, estimated", Grouped(m.wss_estimate_mean_pages),
             absl::StrCat("mean error ", Grouped(m.wss_error_mean_pages), " pages (",
                          Share(m.wss_error_rate), ")"));
}

void AddFaults(const ReplayMetrics& m, Lines* lines) {
  lines->Title("faults");
  lines->Add("protected, async", Grouped(m.faults_rwp_async), "resolved in the kernel");
  lines->Add("protected, sync", Grouped(m.faults_rwp_sync), "touched while being evicted");
  lines->Add("missing", Grouped(m.faults_missing),
             absl::StrCat(Grouped(m.refetched_pages), " pages refetched"));
  lines->Add("messages", Grouped(m.messages));
  lines->Add("blocked", Time(m.blocked_ns_total),
             absl::StrCat("P50 ", Time(m.blocked_ns_p50), ", P99 ", Time(m.blocked_ns_p99),
                          ", max ", Time(m.blocked_ns_max)));
}

void AddMemory(const ReplayMetrics& m, Lines* lines) {
  lines->Title("tracking and eviction");
  lines->Add("intervals", Grouped(m.intervals));
  lines->Add("pages armed", Grouped(m.pages_armed));
  lines->Add("entries scanned", Grouped(m.pages_scanned));
  lines->Add("evicted", Grouped(m.evicted_pages),
             absl::StrCat("clean ", Grouped(m.evicted_clean), ", dirty ", Grouped(m.evicted_dirty),
                          ", direct ", Grouped(m.evicted_direct)));
  lines->Add("refault distance, P50", Grouped(m.refault_distance_p50_pages),
             absl::StrCat("pages, P99 ", Grouped(m.refault_distance_p99_pages)));
  lines->Add("false hot", Share(m.false_hot_rate), "of pages called touched");
  lines->Add("false cold", Share(m.false_cold_rate),
             absl::StrCat("of evictions, back within ", m.false_cold_intervals, " intervals"));
}

void AddTime(const ReplayMetrics& m, Lines* lines) {
  const std::uint64_t used = m.trace_ns + m.idle_ns;
  const auto of_used = [&](std::uint64_t ns) {
    return absl::StrCat(Share(ShareOf(ns, used)), " of the guest's own time");
  };
  lines->Title("virtual time lost");
  lines->Add("first touches", Time(m.lost_to_first_touch_ns), of_used(m.lost_to_first_touch_ns));
  lines->Add("tracking", Time(m.lost_to_tracking_ns), of_used(m.lost_to_tracking_ns));
  lines->Add("eviction", Time(m.lost_to_eviction_ns), of_used(m.lost_to_eviction_ns));
  lines->Add("refetching", Time(m.lost_to_refetch_ns), of_used(m.lost_to_refetch_ns));
  lines->Add("VMM, background", Time(m.tracker_busy_ns), "of CPU time");
  lines->Add("VMM, fault handler", Time(m.handler_busy_ns), "of CPU time");
}

}  // namespace

std::string ReplayJson(const ReplayResult& result,
                       const std::vector<std::pair<std::string, std::string>>& config,
                       const CostModel& costs, const ReplayInput& input,
                       const MachineFigures& machine) {
  Json document;
  document["schema"] = "uffdsim-result-1";
  document["command"] = "replay";
  Json& options = document["config"];
  for (const auto& [key, value] : config) options[key] = value;
  document["inputs"] = Json::array({InputJson(input)});
  document["metrics"] = MetricsJson(result.metrics);
  document["intervals"] = IntervalsJson(result.intervals);
  document["stall_distribution"] = result.stall_distribution;
  document["blocked_distribution"] = result.blocked_distribution;
  document["refault_distribution"] = result.refault_distribution;
  if (result.heat_map) document["heat_map"] = HeatMapJson(*result.heat_map);
  document["violations"] = result.violations;
  Json& provenance = document["provenance"];
  provenance["tool"] = "uffdsim";
  provenance["version"] = UFFDSIM_VERSION;
  provenance["kernel"] = "linux-7.3.4";
  provenance["costs"] = Json::parse(FormatCosts(costs));
  Json& figures = document["machine"];
  figures["wall_ns"] = machine.wall_ns;
  figures["cpu_ns"] = machine.cpu_ns;
  figures["accesses_per_second"] = PerSecond(result.metrics.accesses, machine.wall_ns);
  figures["accesses_per_cpu_second"] = PerSecond(result.metrics.accesses, machine.cpu_ns);
  figures["peak_rss_bytes"] = machine.peak_rss_bytes;
  return document.dump(1) + "\n";
}

std::string ReplayTable(const ReplayResult& result, const ReplayConfig& config,
                        const ReplayInput& input, const MachineFigures& machine) {
  const ReplayMetrics& m = result.metrics;
  Lines lines;
  lines.Title(absl::StrCat(
      "replay of ", input.path, ": tracker ", std::string(config.tracker->name), ", policy ",
      std::string(config.policy.row->name), ", store ", std::string(config.store.row->name),
      ", interval ", FormatDuration(config.interval_ns)));
  AddGuest(m, 1ULL << config.arch->geometry().page_shift, &lines);
  AddFaults(m, &lines);
  AddMemory(m, &lines);
  AddTime(m, &lines);
  lines.Title("verdict");
  lines.Add("lost updates", Grouped(m.lost_updates),
            m.lost_updates == 0 ? "none, as it must be" : "THE GUEST LOST WRITES");
  if (config.check == ReplayConfig::Check::kOn) {
    lines.Add("broken invariants", Grouped(m.violations));
  }
  lines.Add("simulated", Grouped(PerSecond(m.accesses, machine.wall_ns)),
            absl::StrCat("accesses a second, ", Grouped(PerSecond(m.accesses, machine.cpu_ns)),
                         " a CPU second"));
  lines.Add("peak memory",
            absl::StrFormat("%.1f", static_cast<double>(machine.peak_rss_bytes) / (1 << 20)),
            "MiB");
  std::string text = lines.Text();
  for (const std::string& sentence : result.violations) text += "violation: " + sentence + "\n";
  return text;
}

}  // namespace uffdsim
