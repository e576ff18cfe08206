#include "traces/header.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "traces/event.h"

namespace uffdsim {
namespace {

using Json = nlohmann::json;

constexpr StreamKind kStreams[] = {StreamKind::kEpochs, StreamKind::kAccesses};
constexpr FilterKind kFilters[] = {FilterKind::kNone, FilterKind::kEpochSets, FilterKind::kWindow};

absl::Status Bad(std::string_view key, std::string_view expected, const Json& found) {
  std::string shown = found.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
  return absl::InvalidArgumentError(absl::StrCat("header key \"", std::string(key), "\": expected ",
                                                 std::string(expected), ", found ", shown));
}

template <typename Int>
absl::Status Read(const Json& json, const char* key, Int& out) {
  const auto it = json.find(key);
  if (it == json.end()) return absl::OkStatus();
  if (!it->is_number_unsigned() || it->get<uint64_t>() > std::numeric_limits<Int>::max()) {
    return Bad(key, absl::StrCat("an integer from 0 to ", std::numeric_limits<Int>::max()), *it);
  }
  out = it->get<Int>();
  return absl::OkStatus();
}

absl::Status Read(const Json& json, const char* key, std::string& out) {
  const auto it = json.find(key);
  if (it == json.end()) return absl::OkStatus();
  if (!it->is_string()) return Bad(key, "a string", *it);
  out = it->get<std::string>();
  if (!IsPrintable(out)) return Bad(key, "text without control characters", *it);
  return absl::OkStatus();
}

template <typename Enum, size_t N>
absl::Status Read(const Json& json, const char* key, const Enum (&values)[N], Enum& out) {
  const auto it = json.find(key);
  if (it == json.end()) return absl::OkStatus();
  std::string names;
  for (const Enum value : values) {
    if (it->is_string() && it->get<std::string>() == KindName(value)) {
      out = value;
      return absl::OkStatus();
    }
    absl::StrAppend(&names, names.empty() ? "" : ", ", std::string(KindName(value)));
  }
  return Bad(key, absl::StrCat("one of ", names), *it);
}

absl::Status OutOfRange(const char* key, uint64_t low, uint64_t high, uint64_t found) {
  return absl::InvalidArgumentError(
      absl::StrCat("header key \"", key, "\": expected ", low, " to ", high, ", found ", found));
}

}  // namespace

std::string_view KindName(StreamKind kind) {
  switch (kind) {
    case StreamKind::kEpochs: return "epochs";
    case StreamKind::kAccesses: return "accesses";
  }
  return "";
}

std::string_view KindName(FilterKind kind) {
  switch (kind) {
    case FilterKind::kNone: return "none";
    case FilterKind::kEpochSets: return "epoch-sets";
    case FilterKind::kWindow: return "window";
  }
  return "";
}

std::string HeaderToJson(const TraceHeader& header) {
  Json json = {
      {"stream", std::string(KindName(header.stream))},
      {"ram_pages", header.ram_pages},
      {"page_shift", header.page_shift},
      {"vcpus", header.vcpus},
      {"time_unit", "instructions"},
      {"instructions_per_second", header.instructions_per_second},
      {"filter", std::string(KindName(header.filter))},
      {"guest", header.guest},
      {"workload", header.workload},
      {"licence", header.licence},
      {"tool", header.tool},
      {"tool_version", header.tool_version},
  };
  switch (header.filter) {
    case FilterKind::kNone: break;
    case FilterKind::kEpochSets:
      json["epoch_max_instructions"] = header.epoch_max_instructions;
      json["epoch_max_pages"] = header.epoch_max_pages;
      break;
    case FilterKind::kWindow: json["window_instructions"] = header.window_instructions; break;
  }
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

absl::StatusOr<TraceHeader> HeaderFromJson(std::string_view text) {
  const Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  if (!json.is_object()) {
    return absl::InvalidArgumentError("header: expected one JSON object");
  }
  TraceHeader header;
  std::string time_unit = "instructions";
  absl::Status status;
  status.Update(Read(json, "stream", kStreams, header.stream));
  status.Update(Read(json, "ram_pages", header.ram_pages));
  status.Update(Read(json, "page_shift", header.page_shift));
  status.Update(Read(json, "vcpus", header.vcpus));
  status.Update(Read(json, "time_unit", time_unit));
  status.Update(Read(json, "instructions_per_second", header.instructions_per_second));
  status.Update(Read(json, "filter", kFilters, header.filter));
  status.Update(Read(json, "epoch_max_instructions", header.epoch_max_instructions));
  status.Update(Read(json, "epoch_max_pages", header.epoch_max_pages));
  status.Update(Read(json, "window_instructions", header.window_instructions));
  status.Update(Read(json, "guest", header.guest));
  status.Update(Read(json, "workload", header.workload));
  status.Update(Read(json, "licence", header.licence));
  status.Update(Read(json, "tool", header.tool));
  status.Update(Read(json, "tool_version", header.tool_version));
  if (status.ok() && time_unit != "instructions") {
    status = Bad("time_unit", "\"instructions\"", Json(time_unit));
  }
  status.Update(ValidateHeader(header));
  if (!status.ok()) return status;
  return header;
}

bool IsPrintable(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

absl::Status ValidateHeader(const TraceHeader& header) {
  if (header.ram_pages < 1 || header.ram_pages > kMaxRamPages) {
    return OutOfRange("ram_pages", 1, kMaxRamPages, header.ram_pages);
  }
  if (header.page_shift < kMinPageShift || header.page_shift > kMaxPageShift) {
    return OutOfRange("page_shift", kMinPageShift, kMaxPageShift, header.page_shift);
  }
  if (header.vcpus < 1 || header.vcpus > kMaxVcpus) {
    return OutOfRange("vcpus", 1, kMaxVcpus, header.vcpus);
  }
  if (header.instructions_per_second < 1) {
    return OutOfRange("instructions_per_second", 1, UINT64_MAX, 0);
  }
  return absl::OkStatus();
}

}  // namespace uffdsim
