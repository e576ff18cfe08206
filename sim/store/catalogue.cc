#include "sim/store/catalogue.h"

#include <charconv>
#include <cstdint>
#include <system_error>
#include <vector>

#include "model/base/near_match.h"
#include "sim/text/choice.h"

namespace uffdsim {
namespace {

constexpr StoreRow kRows[] = {
#define UFFDSIM_STORE(name, ...) {name, __VA_ARGS__},
#include "sim/store/store.def"
};

constexpr std::string_view kLink = "link";
constexpr std::string_view kShared = "shared";
constexpr std::string_view kEachWay = "each-way";

// A numeric member of StoreTiming: one of the two pointers is set.
struct Field {
  std::string_view key;
  std::uint64_t StoreTiming::*wide;
  std::uint32_t StoreTiming::*narrow;
  std::uint64_t lowest;
  std::uint64_t highest;
};

// Far beyond any device: a terabyte a second, and an hour of latency.
constexpr std::uint64_t kMaxBandwidth = 1'000'000'000'000;
constexpr std::uint64_t kMaxLatency = 3'600'000'000'000;

constexpr Field kFields[] = {
    {"read_latency_ns", &StoreTiming::read_latency_ns, nullptr, 0, kMaxLatency},
    {"write_latency_ns", &StoreTiming::write_latency_ns, nullptr, 0, kMaxLatency},
    {"read_bytes_per_s", &StoreTiming::read_bytes_per_s, nullptr, 0, kMaxBandwidth},
    {"write_bytes_per_s", &StoreTiming::write_bytes_per_s, nullptr, 0, kMaxBandwidth},
    {"channels", nullptr, &StoreTiming::channels, 1, 65536},
    {"memory_permille", nullptr, &StoreTiming::memory_permille, 0, 1000},
    {"jitter_permille", nullptr, &StoreTiming::jitter_permille, 0, 1000},
    {"tail_one_in", nullptr, &StoreTiming::tail_one_in, 0, 1'000'000'000},
    {"tail_times", nullptr, &StoreTiming::tail_times, 1, 1000},
    {"reads", nullptr, &StoreTiming::reads, 0, 65536},
    {"writes", nullptr, &StoreTiming::writes, 0, 65536},
};

absl::Status SetField(const KeyValue& given, const Field& field, StoreTiming* timing) {
  std::uint64_t value = 0;
  const char* const last = given.value.data() + given.value.size();
  const auto [end, error] = std::from_chars(given.value.data(), last, value);
  if (error != std::errc() || end != last || value < field.lowest || value > field.highest) {
    return TextError("store", given.value_at,
                     Quoted(given.value) + " is no value of " + std::string(field.key) +
                         "; expected a whole number from " + std::to_string(field.lowest) + " to " +
                         std::to_string(field.highest));
  }
  if (field.wide != nullptr) {
    timing->*field.wide = value;
  } else {
    timing->*field.narrow = static_cast<std::uint32_t>(value);
  }
  return absl::OkStatus();
}

absl::Status SetLink(const KeyValue& given, StoreTiming* timing) {
  if (given.value != kShared && given.value != kEachWay) {
    return TextError(
        "store", given.value_at,
        Quoted(given.value) + " is no value of link; expected one of: shared each-way");
  }
  timing->link = given.value == kShared ? Link::kShared : Link::kEachWay;
  return absl::OkStatus();
}

absl::Status Set(const KeyValue& given, const StoreRow& row, StoreTiming* timing) {
  if (given.key == kLink) return SetLink(given, timing);
  std::vector<std::string_view> keys = {kLink};
  for (const Field& field : kFields) {
    if (field.key == given.key) return SetField(given, field, timing);
    keys.push_back(field.key);
  }
  return TextError("store", given.key_at,
                   std::string(row.name) + " has no parameter " + Quoted(given.key) +
                       DidYouMean(given.key, keys));
}

}  // namespace

std::span<const StoreRow> Stores() { return kRows; }

const StoreRow* FindStore(std::string_view name) { return FindRow(Stores(), name); }

absl::StatusOr<StoreChoice> ParseStore(std::string_view text) {
  const absl::StatusOr<NamedValues> split = SplitNamedValues("store", text);
  if (!split.ok()) return split.status();
  StoreChoice choice;
  choice.row = FindStore(split->name);
  if (choice.row == nullptr) return UnknownRow("store", "store", Stores(), split->name);
  choice.timing = choice.row->timing;
  for (const KeyValue& given : split->values) {
    const absl::Status status = Set(given, *choice.row, &choice.timing);
    if (!status.ok()) return status;
  }
  return choice;
}

std::string FormatStore(const StoreChoice& choice) {
  std::string text(choice.row->name);
  text += ":link=";
  text += choice.timing.link == Link::kShared ? kShared : kEachWay;
  for (const Field& field : kFields) {
    const std::uint64_t value =
        field.wide != nullptr ? choice.timing.*field.wide : choice.timing.*field.narrow;
    text += ',';
    text += field.key;
    text += '=';
    text += std::to_string(value);
  }
  return text;
}

}  // namespace uffdsim
