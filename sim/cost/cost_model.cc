#include "sim/cost/cost_model.h"

#include <cmath>
#include <vector>

#include "model/base/near_match.h"
#include "nlohmann/json.hpp"

namespace uffdsim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSchema = "uffdsim-costs-1";
constexpr std::string_view kUnit = "_ns";
// An hour. It keeps sums of many costs, and products with any what-if factor, within 64 bits.
constexpr std::uint64_t kMaxNs = 3'600'000'000'000;

constexpr CostRow kRows[] = {
#define UFFDSIM_COST(member, picoseconds, sentence, source) \
  {#member, &CostModel::member##_ps, sentence, source},
#include "sim/cost/cost.def"
};

absl::Status Error(std::string_view file, std::string_view message) {
  return absl::InvalidArgumentError(std::string(file) + ": " + std::string(message));
}

std::vector<std::string> Keys() {
  std::vector<std::string> keys;
  for (const CostRow& row : kRows) keys.push_back(std::string(row.name) + std::string(kUnit));
  return keys;
}

std::string DidYouMeanKey(std::string_view key) {
  const std::vector<std::string> keys = Keys();
  return DidYouMean(key, std::vector<std::string_view>(keys.begin(), keys.end()));
}

absl::Status ReadCost(std::string_view file, const std::string& key, const Json& value,
                      CostModel* costs) {
  const bool has_unit = key.size() > kUnit.size() && key.ends_with(kUnit);
  const CostRow* row = has_unit ? FindCost(key.substr(0, key.size() - kUnit.size())) : nullptr;
  if (row == nullptr) return Error(file, "costs." + key + ": no such cost" + DidYouMeanKey(key));
  // A cost is at most 3.6e15 picoseconds, which a double holds exactly.
  const double ns = value.is_number() ? value.get<double>() : -1;
  if (!(ns >= 0 && ns <= static_cast<double>(kMaxNs))) {
    return Error(file, "costs." + key + ": expected nanoseconds from 0 to " +
                           std::to_string(kMaxNs) + ", found " + value.dump());
  }
  costs->*row->member = static_cast<std::uint64_t>(std::llround(ns * 1000));
  return absl::OkStatus();
}

// A number of nanoseconds that prints without a fraction where it has none.
Json NsFromPicoseconds(std::uint64_t picoseconds) {
  if (picoseconds % 1000 == 0) return picoseconds / 1000;
  return static_cast<double>(picoseconds) / 1000;
}

}  // namespace

std::span<const CostRow> CostRows() { return kRows; }

const CostRow* FindCost(std::string_view name) {
  for (const CostRow& row : kRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

absl::StatusOr<CostModel> ParseCosts(std::string_view json, std::string_view file) {
  Json document;
  try {
    document = Json::parse(json);
  } catch (const Json::exception& error) {
    return Error(file, std::string("expected JSON: ") + error.what());
  }
  if (!document.is_object()) return Error(file, "expected a JSON object");
  if (!document.contains("schema") || document["schema"] != kSchema) {
    return Error(file, "schema: expected \"" + std::string(kSchema) + "\"");
  }
  constexpr std::string_view kKnown[] = {"schema", "costs", "provenance"};
  for (const auto& [key, value] : document.items()) {
    if (key != "schema" && key != "costs" && key != "provenance") {
      return Error(file, key + ": no such key" + DidYouMean(key, kKnown));
    }
  }
  CostModel costs;
  if (!document.contains("costs")) return costs;
  if (!document["costs"].is_object()) return Error(file, "costs: expected a JSON object");
  for (const auto& [key, value] : document["costs"].items()) {
    const absl::Status status = ReadCost(file, key, value, &costs);
    if (!status.ok()) return status;
  }
  return costs;
}

std::string FormatCosts(const CostModel& costs) {
  Json document;
  document["schema"] = kSchema;
  for (const CostRow& row : kRows) {
    document["costs"][std::string(row.name) + std::string(kUnit)] =
        NsFromPicoseconds(costs.*row.member);
  }
  return document.dump(2) + "\n";
}

}  // namespace uffdsim
