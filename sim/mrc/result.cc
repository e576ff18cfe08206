// The result of `uffdsim mrc` for programs and for people.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "sim/mrc/mrc.h"

namespace uffdsim {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kOrderNote[] =
    "the trace gives sets of pages per epoch: curves are for ascending order inside an epoch; for "
    "sizes of at least bounds_valid_from_pages the guest's own LRU misses lie between lru-least "
    "and lru-greatest, whatever the order was";

Json CurveJson(const std::string& name, const std::string& method,
               const std::vector<std::uint64_t>& sizes, const std::vector<std::uint64_t>& misses,
               std::uint64_t references) {
  Json curve;
  curve["name"] = name;
  curve["method"] = method;
  curve["pages"] = sizes;
  curve["misses"] = misses;
  Json& ratios = curve["miss_ratio"] = Json::array();
  for (const std::uint64_t count : misses) {
    ratios.push_back(static_cast<double>(count) / static_cast<double>(references));
  }
  return curve;
}

Json ShardsJson(const MrcResult& result) {
  Json curve;
  curve["name"] = "lru-shards";
  curve["method"] = "SHARDS-adj, a sample of the pages";
  curve["pages"] = result.lru_sizes;
  curve["miss_ratio"] = result.shards->miss_ratios;
  curve["sampled_references"] = result.shards->sampled_references;
  curve["sampled_pages_max"] = result.shards->sampled_pages_max;
  curve["final_rate"] = result.shards->final_rate;
  double sum = 0;
  for (std::size_t i = 0; i < result.lru_sizes.size(); ++i) {
    const double exact =
        static_cast<double>(result.lru_misses[i]) / static_cast<double>(result.references);
    sum += std::max(exact - result.shards->miss_ratios[i], result.shards->miss_ratios[i] - exact);
  }
  curve["mean_error"] = sum / static_cast<double>(result.lru_sizes.size());
  return curve;
}

std::string Percent(std::uint64_t part, std::uint64_t whole) {
  return absl::StrFormat("%.2f", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

// A table whose columns are as wide as their widest cell, all to the right.
std::string Aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows[0].size());
  for (const std::vector<std::string>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&text, std::string(widths[i] - row[i].size() + 2, ' '), row[i]);
    }
    text += "\n";
  }
  return text;
}

// Rows of the table: the sizes at which everything was computed, thinned to a readable number.
std::vector<std::size_t> RowsOf(const MrcResult& result) {
  constexpr std::size_t kMost = 20;
  const std::vector<std::uint64_t>& wanted =
      result.policies.empty() ? result.lru_sizes : result.policy_sizes;
  const std::size_t step = (wanted.size() + kMost - 1) / kMost;
  std::vector<std::size_t> rows;
  for (std::size_t i = step - 1; i < wanted.size(); i += step) {
    const auto at = std::lower_bound(result.lru_sizes.begin(), result.lru_sizes.end(), wanted[i]);
    rows.push_back(static_cast<std::size_t>(at - result.lru_sizes.begin()));
  }
  return rows;
}

}  // namespace

std::string MrcJson(const MrcResult& result, const MrcConfig& config,
                    const ReferenceString& references, const MrcMachine& machine) {
  Json document;
  document["schema"] = "uffdsim-result-1";
  document["command"] = "mrc";
  Json& options = document["config"];
  options["trace"] = references.path;
  options["seed"] = config.seed;
  Json input;
  input["path"] = references.path;
  input["xxh3_128"] = references.digest;
  input["format"] = references.format;
  input["guest"] = references.header.guest;
  input["workload"] = references.header.workload;
  input["page_bytes"] = 1ULL << references.header.page_shift;
  input["vcpus"] = references.header.vcpus;
  input["stream"] = references.ordered() ? "accesses" : "epochs";
  document["inputs"] = Json::array({std::move(input)});
  Json& metrics = document["metrics"];
  metrics["references"] = result.references;
  metrics["footprint_pages"] = result.footprint_pages;
  if (result.bounds) {
    metrics["bounds_valid_from_pages"] = result.bounds->valid_from_pages;
    document["note"] = kOrderNote;
  }
  Json& curves = document["curves"] = Json::array();
  curves.push_back(CurveJson("lru", "exact, one pass of stack distances", result.lru_sizes,
                             result.lru_misses, result.references));
  if (result.bounds) {
    curves.push_back(CurveJson("lru-least", "lower bound over all orders inside epochs",
                               result.lru_sizes, result.bounds->least, result.references));
    curves.push_back(CurveJson("lru-greatest", "upper bound over all orders inside epochs",
                               result.lru_sizes, result.bounds->greatest, result.references));
  }
  if (result.shards) curves.push_back(ShardsJson(result));
  for (const PolicyCurve& curve : result.policies) {
    curves.push_back(CurveJson(FormatPolicy(curve.policy), "one simulation per size",
                               result.policy_sizes, curve.misses, result.references));
  }
  Json& provenance = document["provenance"];
  provenance["tool"] = "uffdsim";
  provenance["version"] = UFFDSIM_VERSION;
  Json& figures = document["machine"];
  figures["wall_ns"] = machine.wall_ns;
  figures["cpu_ns"] = machine.cpu_ns;
  figures["peak_rss_bytes"] = machine.peak_rss_bytes;
  return document.dump(1) + "\n";
}

std::string MrcTable(const MrcResult& result, const ReferenceString& references) {
  const std::uint64_t page_bytes = 1ULL << references.header.page_shift;
  std::string text = absl::StrFormat("misses of %s in %% of its %d entries; footprint %d pages\n",
                                     references.path, result.references, result.footprint_pages);
  std::vector<std::vector<std::string>> rows = {{"memory", "pages", "MiB", "lru"}};
  if (result.bounds) rows[0].insert(rows[0].end(), {"least", "greatest"});
  if (result.shards) rows[0].emplace_back("shards");
  for (const PolicyCurve& curve : result.policies) rows[0].emplace_back(curve.policy.row->name);
  for (const std::size_t i : RowsOf(result)) {
    const std::uint64_t pages = result.lru_sizes[i];
    std::vector<std::string> row = {
        absl::StrCat(Percent(pages, result.footprint_pages), " %"), absl::StrCat(pages),
        absl::StrFormat("%.1f", static_cast<double>(pages * page_bytes) / (1 << 20)),
        Percent(result.lru_misses[i], result.references)};
    if (result.bounds) {
      const bool valid = pages >= result.bounds->valid_from_pages;
      row.push_back(valid ? Percent(result.bounds->least[i], result.references) : "-");
      row.push_back(valid ? Percent(result.bounds->greatest[i], result.references) : "-");
    }
    if (result.shards) {
      row.push_back(absl::StrFormat("%.2f", 100.0 * result.shards->miss_ratios[i]));
    }
    const auto at = std::lower_bound(result.policy_sizes.begin(), result.policy_sizes.end(), pages);
    for (const PolicyCurve& curve : result.policies) {
      row.push_back(
          Percent(curve.misses[static_cast<std::size_t>(at - result.policy_sizes.begin())],
                  result.references));
    }
    rows.push_back(std::move(row));
  }
  text += Aligned(rows);
  if (result.bounds) {
    absl::StrAppend(&text, "least and greatest: over all orders inside the trace's epochs, for ",
                    "sizes from ", result.bounds->valid_from_pages, " pages on\n");
  }
  return text;
}

}  // namespace uffdsim
