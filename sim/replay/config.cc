#include "sim/replay/config.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "model/arch/catalogue.h"
#include "model/base/near_match.h"
#include "model/defect/catalogue.h"
#include "nlohmann/json.hpp"
#include "sim/replay/quantity.h"

namespace uffdsim {
namespace {

constexpr OptionRow kRows[] = {
#define OPTION(member, name, initial, value, sentence) \
  {name, #member, initial, value, sentence, &ReplayOptions::member},
#include "sim/replay/options.def"
#undef OPTION
};

absl::Status Unknown(std::string_view what, std::string_view name,
                     std::span<const std::string_view> known) {
  return absl::InvalidArgumentError(absl::StrCat("unknown ", std::string(what), " '",
                                                 std::string(name), "'", DidYouMean(name, known)));
}

absl::StatusOr<DramLimit> ParseDram(std::string_view text) {
  DramLimit limit;
  if (text == "all") return limit;
  absl::StatusOr<std::uint64_t> value;
  if (!text.empty() && text.back() == '%') {
    limit.kind = DramLimit::Kind::kFootprint;
    value = ParsePercent("dram", text);
    if (value.ok()) limit.millionths = *value;
  } else {
    limit.kind = DramLimit::Kind::kBytes;
    value = ParseBytes("dram", text);
    if (value.ok()) limit.bytes = *value;
  }
  if (value.ok()) return limit;
  return absl::InvalidArgumentError(
      absl::StrCat("--dram '", std::string(text),
                   "': expected a size greater than zero like 512MiB, a share of the footprint "
                   "like 50%, or all"));
}

absl::StatusOr<const TrackerRow*> ParseTracker(std::string_view name) {
  const TrackerRow* row = FindTracker(name);
  if (row != nullptr) return row;
  std::vector<std::string_view> known;
  for (const TrackerRow& tracker : Trackers()) known.push_back(tracker.name);
  return Unknown("tracker", name, known);
}

absl::StatusOr<ArmingChoice> ParseArmingOf(const TrackerRow& tracker, std::string_view text) {
  if (text != "default" && tracker.arming.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--arming '", std::string(text), "': tracker ",
                                                   std::string(tracker.name),
                                                   " does not arm pages; expected default"));
  }
  if (text != "default") return ParseArming(text);
  return tracker.arming.empty() ? ArmingChoice{} : ParseArming(tracker.arming);
}

absl::StatusOr<const Arch*> ParseArch(std::string_view name) {
  const Arch* arch = FindArch(name);
  if (arch != nullptr) return arch;
  std::vector<std::string_view> known;
  for (const ArchFamily& family : ArchFamilies()) known.push_back(family.name);
  for (const Arch* configuration : AllArchs()) known.push_back(configuration->name());
  return Unknown("architecture", name, known);
}

absl::StatusOr<bool> ParseChoice(std::string_view option, std::string_view text,
                                 std::string_view off, std::string_view on) {
  if (text == off) return false;
  if (text == on) return true;
  const std::string_view known[] = {off, on};
  return Unknown(absl::StrCat("value of --", std::string(option)), text, known);
}

absl::StatusOr<CostModel> ResolveCosts(const ReplayOptions& options, std::string_view document) {
  CostModel costs;
  if (options.costs != "default") {
    absl::StatusOr<CostModel> read = ParseCosts(document, options.costs);
    if (!read.ok()) return read;
    costs = *read;
  }
  for (const absl::string_view change :
       absl::StrSplit(options.what_if, absl::ByAnyChar(", "), absl::SkipEmpty())) {
    const absl::Status status = ApplyWhatIf(std::string_view(change.data(), change.size()), &costs);
    if (!status.ok()) return status;
  }
  return costs;
}

// What the tracker needs beside the profile: a design that no release has.
std::vector<std::string> DesignOf(const TrackerRow& tracker) {
  if (tracker.registration != Registration::kMinorAnon) return {};
  return {"D2-minor-of-anonymous"};
}

// Stores a parsed value, or its error in `status`.
template <class T>
void Take(absl::StatusOr<T> parsed, absl::Status* status, T* out) {
  if (!status->ok()) return;
  if (parsed.ok()) {
    *out = *std::move(parsed);
  } else {
    *status = parsed.status();
  }
}

absl::Status CheckPolicy(const PolicyChoice& choice) {
  if (choice.row->needs != PolicyNeeds::kFuture) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("policy '", std::string(choice.row->name),
                   "' needs to know the future: expected one that does not, for a replay"));
}

}  // namespace

std::span<const OptionRow> ReplayOptionRows() { return kRows; }

absl::Status ApplyConfigJson(std::string_view text, std::string_view file, ReplayOptions* options) {
  const std::string place(file);
  const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_discarded()) {
    return absl::InvalidArgumentError(absl::StrCat(place, ": expected one JSON object"));
  }
  if (!document.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(place, ": expected a JSON object, found ", document.type_name()));
  }
  for (const auto& [key, value] : document.items()) {
    std::string* member = key == "trace" ? &options->trace : nullptr;
    std::vector<std::string_view> known = {"trace"};
    for (const OptionRow& row : kRows) {
      known.push_back(row.key);
      if (row.key == key) member = &(options->*row.member);
    }
    if (member == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(place, ": unknown key '", key, "'", DidYouMean(key, known)));
    }
    if (value.is_string()) {
      *member = value.get<std::string>();
    } else if (value.is_number_unsigned()) {
      *member = absl::StrCat(value.get<std::uint64_t>());
    } else if (value.is_boolean()) {
      *member = value.get<bool>() ? "on" : "off";
    } else {
      return absl::InvalidArgumentError(absl::StrCat(place, ": key '", key,
                                                     "': expected a string, a whole number or a "
                                                     "boolean, found ",
                                                     value.type_name()));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ReplayConfig> ResolveReplay(const ReplayOptions& options,
                                           std::string_view cost_document) {
  ReplayConfig c;
  absl::Status status;
  bool cold = false;
  bool check = false;
  std::uint64_t batch = 0;
  std::uint64_t heat = 0;
  std::uint64_t write_back = 0;
  std::uint64_t read_ahead = 0;
  std::uint64_t write_tries = 0;
  Take(ParseDram(options.dram), &status, &c.dram);
  Take(ParseDuration("interval", options.interval), &status, &c.interval_ns);
  Take(ParseTracker(options.tracker), &status, &c.tracker);
  if (status.ok()) Take(ParseArmingOf(*c.tracker, options.arming), &status, &c.arming);
  Take(ParsePolicy(options.policy), &status, &c.policy);
  if (status.ok()) status = CheckPolicy(c.policy);
  Take(ParseChoice("evict", options.evict, "pressure", "cold"), &status, &cold);
  Take(ParseStore(options.store), &status, &c.store);
  Take(ParseArch(options.arch), &status, &c.arch);
  Take(ParseCount("seed", options.seed, 0, UINT64_MAX), &status, &c.seed);
  if (options.rate != "trace") {
    Take(ParseCount("rate", options.rate, 1000, 1000000000000), &status, &c.rate);
  }
  Take(ResolveCosts(options, cost_document), &status, &c.costs);
  Take(ParseBytes("arm-chunk", options.arm_chunk), &status, &c.arm_chunk_bytes);
  Take(ParseCount("evict-batch", options.evict_batch, 1, 65536), &status, &batch);
  Take(ParseCount("write-back", options.write_back, 1, 1024), &status, &write_back);
  Take(ParseCount("read-ahead", options.read_ahead, 0, 512), &status, &read_ahead);
  Take(ParseCount("write-tries", options.write_tries, 1, 1000), &status, &write_tries);
  if (options.retry_pause != "0ns") {
    Take(ParseDuration("retry-pause", options.retry_pause), &status, &c.retry_pause_ns);
  }
  Take(ParseCount("reclaim-aging", options.reclaim_aging, 0, 1000000000000), &status,
       &c.reclaim_aging);
  Take(ParseCount("false-cold", options.false_cold, 0, 1000000), &status, &c.false_cold_intervals);
  Take(ParseCount("heat-map", options.heat_map, 0, 4096), &status, &heat);
  Take(ParseCount("fail-reads", options.fail_reads, 0, UINT64_MAX), &status, &c.fail_reads);
  Take(ParseCount("fail-writes", options.fail_writes, 0, UINT64_MAX), &status, &c.fail_writes);
  if (status.ok() && (c.fail_reads == 1 || c.fail_writes == 1)) {
    status = absl::InvalidArgumentError(
        "--fail-reads and --fail-writes: expected 0 or more than 1, or no page would ever move");
  }
  Take(ParseChoice("check", options.check, "off", "on"), &status, &check);
  if (status.ok()) Take(StepsOf(options.profile, DesignOf(*c.tracker)), &status, &c.steps);
  c.profile = options.profile;
  if (!status.ok()) return status;
  c.evict = cold ? EvictWhat::kCold : EvictWhat::kPressure;
  c.evict_batch_pages = static_cast<std::uint32_t>(batch);
  c.write_back_batches = static_cast<std::uint32_t>(write_back);
  c.read_ahead_pages = static_cast<std::uint32_t>(read_ahead);
  c.write_tries = static_cast<std::uint32_t>(write_tries);
  c.heat_map_rows = static_cast<std::uint32_t>(heat);
  c.check = check ? ReplayConfig::Check::kOn : ReplayConfig::Check::kOff;
  return c;
}

std::vector<std::pair<std::string, std::string>> Echo(const ReplayOptions& options,
                                                      const ReplayConfig& config) {
  ReplayOptions canonical = options;
  if (config.dram.kind == DramLimit::Kind::kBytes) canonical.dram = FormatBytes(config.dram.bytes);
  if (config.dram.kind == DramLimit::Kind::kFootprint) {
    canonical.dram = FormatPercent(config.dram.millionths);
  }
  canonical.interval = FormatDuration(config.interval_ns);
  if (config.retry_pause_ns != 0) canonical.retry_pause = FormatDuration(config.retry_pause_ns);
  canonical.arming = FormatArming(config.arming);
  canonical.policy = FormatPolicy(config.policy);
  canonical.store = FormatStore(config.store);
  canonical.arch = std::string(config.arch->name());
  canonical.arm_chunk = FormatBytes(config.arm_chunk_bytes);
  std::vector<std::pair<std::string, std::string>> echo;
  echo.emplace_back("trace", options.trace);
  for (const OptionRow& row : kRows) {
    echo.emplace_back(std::string(row.key), canonical.*row.member);
  }
  return echo;
}

}  // namespace uffdsim
