// The results of a sweep for programs, for spreadsheets and for people.
#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "sim/sweep/sweep.h"

namespace uffdsim {
namespace {

using Json = nlohmann::ordered_json;

// Quoted where a spreadsheet needs it (RFC 4180).
std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

// A ratio is kept in millionths.
std::string MetricText(const MetricRow& row, std::uint64_t value) {
  switch (row.kind) {
    case MetricKind::kCount: return absl::StrCat(value);
    case MetricKind::kRatio: return absl::StrFormat("%d.%06d", value / 1000000, value % 1000000);
  }
  return "";
}

std::string Percent(std::uint64_t millionths) {
  return absl::StrFormat("%.2f %%", static_cast<double>(millionths) / 1e4);
}

std::string OfOwnTime(std::uint64_t ns, const ReplayMetrics& metrics) {
  const std::uint64_t own = metrics.trace_ns + metrics.idle_ns;
  if (own == 0) return "-";
  return absl::StrFormat("%.2f %%", 100.0 * static_cast<double>(ns) / static_cast<double>(own));
}

std::string Microseconds(std::uint64_t ns) {
  return absl::StrFormat("%.1f", static_cast<double>(ns) / 1e3);
}

// Figures that the table for people shows.
std::vector<std::string> TableTitles() {
  return {"slow-down", "tracking",  "eviction",   "refetch",      "wss error",
          "evicted",   "refetched", "false cold", "stall P99 us", "lost"};
}

std::vector<std::string> TableFigures(const ReplayMetrics& m) {
  return {Percent(m.slowdown),
          OfOwnTime(m.lost_to_tracking_ns, m),
          OfOwnTime(m.lost_to_eviction_ns, m),
          OfOwnTime(m.lost_to_refetch_ns, m),
          Percent(m.wss_error_rate),
          absl::StrCat(m.evicted_pages),
          absl::StrCat(m.refetched_pages),
          Percent(m.false_cold_rate),
          Microseconds(m.stall_ns_p99),
          absl::StrCat(m.lost_updates)};
}

}  // namespace

std::string SweepJson(const SweepPlan& plan, const SweepDatabase& database) {
  Json document;
  document["schema"] = "uffdsim-result-1";
  document["command"] = "sweep";
  Json& options = document["config"] = Json::object();
  for (const auto& [key, value] : plan.spec.fixed) options[key] = value;
  Json& axes = document["axes"] = Json::array();
  for (const SweepAxis& axis : plan.spec.axes) {
    axes.push_back({{"key", axis.key}, {"values", axis.values}});
  }
  Json& inputs = document["inputs"] = Json::array();
  for (const auto& [path, info] : plan.traces) {
    Json input;
    input["path"] = path;
    input["xxh3_128"] = info.digest;
    input["guest"] = info.header.guest;
    input["workload"] = info.header.workload;
    input["footprint_pages"] = info.distinct_pages;
    input["page_bytes"] = 1ULL << info.header.page_shift;
    inputs.push_back(std::move(input));
  }
  Json& runs = document["runs"] = Json::array();
  for (const SweepRun& run : plan.runs) {
    Json row;
    row["digest"] = run.digest;
    Json& config = row["config"] = Json::object();
    for (const auto& [key, value] : Echo(run.options, run.config)) config[key] = value;
    Json& metrics = row["metrics"] = Json::object();
    const ReplayMetrics& values = database.Get(run.digest);
    for (const MetricRow& metric : ReplayMetricRows()) {
      const std::uint64_t value = values.*metric.member;
      const std::string name(metric.name);
      switch (metric.kind) {
        case MetricKind::kCount: metrics[name] = value; break;
        case MetricKind::kRatio: metrics[name] = static_cast<double>(value) / 1e6; break;
      }
    }
    runs.push_back(std::move(row));
  }
  Json& provenance = document["provenance"];
  provenance["tool"] = "uffdsim";
  provenance["version"] = UFFDSIM_VERSION;
  provenance["kernel"] = "linux-7.3.4";
  return document.dump(1) + "\n";
}

std::string SweepCsv(const SweepPlan& plan, const SweepDatabase& database) {
  std::string text;
  for (const SweepAxis& axis : plan.spec.axes) absl::StrAppend(&text, axis.key, ",");
  for (const MetricRow& row : ReplayMetricRows()) {
    absl::StrAppend(&text, std::string(row.name), ",");
  }
  text += "digest\n";
  for (const SweepRun& run : plan.runs) {
    for (const SweepAxis& axis : plan.spec.axes) {
      absl::StrAppend(&text, CsvField(run.options.*SweepMember(axis.key)), ",");
    }
    const ReplayMetrics& metrics = database.Get(run.digest);
    for (const MetricRow& row : ReplayMetricRows()) {
      absl::StrAppend(&text, MetricText(row, metrics.*row.member), ",");
    }
    absl::StrAppend(&text, run.digest, "\n");
  }
  return text;
}

std::string SweepTable(const SweepPlan& plan, const SweepDatabase& database) {
  constexpr std::size_t kMostRows = 60;
  std::vector<std::vector<std::string>> rows(1);
  std::size_t texts = 0;  // columns to the left
  for (const SweepAxis& axis : plan.spec.axes) {
    if (axis.values.size() > 1) rows[0].push_back(axis.key);
  }
  texts = rows[0].size();
  for (std::string& title : TableTitles()) rows[0].push_back(std::move(title));
  for (std::size_t i = 0; i < std::min(plan.runs.size(), kMostRows); ++i) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const SweepAxis& axis : plan.spec.axes) {
      if (axis.values.size() > 1) row.push_back(plan.runs[i].options.*SweepMember(axis.key));
    }
    for (std::string& figure : TableFigures(database.Get(plan.runs[i].digest))) {
      row.push_back(std::move(figure));
    }
  }
  std::vector<std::size_t> widths(rows[0].size());
  for (const std::vector<std::string>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - row[i].size(), ' ');
      absl::StrAppend(&line, i == 0 ? "" : "  ", i < texts ? row[i] + blanks : blanks + row[i]);
    }
    absl::StrAppend(&text, line.substr(0, line.find_last_not_of(' ') + 1), "\n");
  }
  if (plan.runs.size() > kMostRows) {
    absl::StrAppend(&text, "and ", plan.runs.size() - kMostRows, " more: see --csv or --json\n");
  }
  return text;
}

}  // namespace uffdsim
