#include "sim/calibrate/calibrate.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "sim/calibrate/memory.h"
#include "sim/calibrate/probes.h"
#include "sim/cost/cost_model.h"

namespace uffdsim {
namespace {

using Json = nlohmann::ordered_json;

constexpr Probe kProbes[] = {
#define PROBE(function, cost, how) {cost, how, &Probe##function},
#include "sim/calibrate/probes.def"
};

// Costs that are read off another one: the two wake-ups are halves of one round trip; where the
// kernel has no RWP, WP's costs stand in, as they do in the defaults.
struct Twin {
  std::string_view cost;
  std::string_view of;
  std::string_view how;
};
constexpr Twin kTwins[] = {
    {"vcpu_wake", "handler_wake", "the other half of the round trip"},
    {"rwprotect_page", "wp_page", "twin: WRITEPROTECT, as this kernel has no RWP"},
    {"rwp_async_fault", "wp_async_fault", "twin: the WP fault, as this kernel has no RWP"},
};

std::string Kernel() {
  utsname name{};
  if (uname(&name) != 0) return "unknown";
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

std::string CpuModel() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

Measured Measure(const Probe& probe, const Bench& bench, unsigned repetitions) {
  Measured measured{std::string(probe.cost), std::string(probe.how), {}, ""};
  for (unsigned i = 0; i < repetitions; ++i) {
    const absl::StatusOr<double> ns = probe.run(bench);
    if (!ns.ok()) {
      measured.ns.clear();
      measured.reason = std::string(ns.status().message());
      return measured;
    }
    measured.ns.push_back(*ns);
  }
  std::sort(measured.ns.begin(), measured.ns.end());
  return measured;
}

// Adds the twins of what was measured, unless they were measured themselves.
void AddTwins(std::vector<Measured>* costs) {
  const auto find = [&](std::string_view name) {
    return std::find_if(costs->begin(), costs->end(),
                        [&](const Measured& m) { return m.cost == name; });
  };
  for (const Twin& twin : kTwins) {
    const auto of = find(twin.of);
    if (of == costs->end() || of->ns.empty()) continue;
    const Measured copy{std::string(twin.cost), std::string(twin.how), of->ns, ""};
    const auto at = find(twin.cost);
    if (at == costs->end()) {
      costs->push_back(copy);
    } else if (at->ns.empty()) {
      *at = copy;
    }
  }
}

// Three decimals, which is what the cost model keeps.
double Rounded(double ns) { return std::round(ns * 1000) / 1000; }

}  // namespace

std::span<const Probe> Probes() { return kProbes; }

absl::StatusOr<Calibration> Calibrate(const CalibrateSetting& setting,
                                      const std::function<void(const Measured&)>& progress) {
  const absl::StatusOr<Descriptor> permitted = NewUserfaultfd(0);
  if (!permitted.ok()) return permitted.status();
  Calibration result;
  result.setting = setting;
  result.kernel = Kernel();
  result.cpu = CpuModel();
  result.cpus = std::thread::hardware_concurrency();
  result.page_bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  Bench bench;
  bench.bytes = setting.bytes;
  bench.page_bytes = result.page_bytes;
  for (const Probe& probe : kProbes) {
    Measured measured = Measure(probe, bench, setting.repetitions);
    if (!measured.ns.empty()) bench.found[measured.cost] = measured.median();
    progress(measured);
    result.costs.push_back(std::move(measured));
  }
  AddTwins(&result.costs);
  return result;
}

std::string CalibrationJson(const Calibration& calibration) {
  Json costs = Json::object();
  Json measured = Json::object();
  Json kept = Json::object();
  for (const Measured& m : calibration.costs) {
    if (m.ns.empty()) {
      kept[m.cost + "_ns"] = m.reason;
      continue;
    }
    costs[m.cost + "_ns"] = Rounded(m.median());
    measured[m.cost + "_ns"] = {{"median", Rounded(m.median())},
                                {"lowest", Rounded(m.ns.front())},
                                {"highest", Rounded(m.ns.back())},
                                {"how", m.how}};
  }
  for (const CostRow& row : CostRows()) {
    const std::string key = std::string(row.name) + "_ns";
    if (!costs.contains(key) && !kept.contains(key)) kept[key] = "not measured here";
  }
  Json provenance;
  provenance["tool"] = "uffdsim calibrate";
  provenance["kernel"] = calibration.kernel;
  provenance["cpu"] = calibration.cpu;
  provenance["cpus"] = calibration.cpus;
  provenance["page_bytes"] = calibration.page_bytes;
  provenance["memory_bytes"] = calibration.setting.bytes;
  provenance["repetitions"] = calibration.setting.repetitions;
  provenance["clock"] = "CPU time of the thread; wall time where threads wait for each other";
  provenance["measured"] = std::move(measured);
  provenance["defaults"] = std::move(kept);
  Json document;
  document["schema"] = "uffdsim-costs-1";
  document["costs"] = std::move(costs);
  document["provenance"] = std::move(provenance);
  return document.dump(2) + "\n";
}

std::string MeasuredLine(const Measured& m) {
  if (m.ns.empty()) return absl::StrFormat("%-18s %12s  %s\n", m.cost, "default", m.reason);
  return absl::StrFormat("%-18s %9.1f ns  %.1f to %.1f; %s\n", m.cost, m.median(), m.ns.front(),
                         m.ns.back(), m.how);
}

}  // namespace uffdsim
