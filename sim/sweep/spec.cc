#include "sim/sweep/spec.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "model/base/near_match.h"
#include "sim/text/json_text.h"

namespace uffdsim {
namespace {

using Json = nlohmann::ordered_json;

// A spec with where it stands, for messages.
struct Source {
  std::string_view text;
  std::string_view file;

  absl::Status Error(std::string_view pointer, std::string_view message) const {
    return JsonError(text, file, pointer, message);
  }
};

absl::StatusOr<std::string> ScalarText(const Source& source, const std::string& pointer,
                                       const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_unsigned()) return absl::StrCat(value.get<std::uint64_t>());
  if (value.is_boolean()) return std::string(value.get<bool>() ? "on" : "off");
  return source.Error(pointer,
                      absl::StrCat("expected a string, a whole number or a boolean, found ",
                                   value.is_number() ? "another number" : value.type_name()));
}

absl::Status CheckKey(const Source& source, const std::string& pointer, const std::string& key) {
  if (SweepMember(key) != nullptr) return absl::OkStatus();
  std::vector<std::string_view> known = {"trace"};
  for (const OptionRow& row : ReplayOptionRows()) known.push_back(row.key);
  return source.Error(
      pointer, absl::StrCat("unknown key '", key, "': expected \"trace\" or an option of replay",
                            DidYouMean(key, known)));
}

absl::StatusOr<SweepAxis> ParseAxis(const Source& source, const std::string& key,
                                    const Json& values) {
  const std::string pointer = absl::StrCat("/axes/", PointerPart(key));
  absl::Status status = CheckKey(source, pointer, key);
  if (!status.ok()) return status;
  if (!values.is_array() || values.empty()) {
    return source.Error(pointer, "expected an array of at least one value");
  }
  SweepAxis axis;
  axis.key = key;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string place = absl::StrCat(pointer, "/", i);
    absl::StatusOr<std::string> value = ScalarText(source, place, values[i]);
    if (!value.ok()) return value.status();
    if (std::find(axis.values.begin(), axis.values.end(), *value) != axis.values.end()) {
      return source.Error(place, absl::StrCat("'", *value, "' occurs twice on this axis"));
    }
    axis.values.push_back(*std::move(value));
  }
  return axis;
}

absl::Status ParseFixed(const Source& source, const Json& options, SweepSpec* spec) {
  if (!options.is_object()) return source.Error("/options", "expected an object");
  for (const auto& [key, value] : options.items()) {
    const std::string pointer = absl::StrCat("/options/", PointerPart(key));
    absl::Status status = CheckKey(source, pointer, key);
    if (!status.ok()) return status;
    if (std::any_of(spec->axes.begin(), spec->axes.end(),
                    [&key = key](const SweepAxis& axis) { return axis.key == key; })) {
      return source.Error(pointer, "also an axis: expected one of the two");
    }
    absl::StatusOr<std::string> text = ScalarText(source, pointer, value);
    if (!text.ok()) return text.status();
    spec->options.*SweepMember(key) = *text;
    spec->fixed.emplace_back(key, *std::move(text));
  }
  return absl::OkStatus();
}

}  // namespace

std::string ReplayOptions::*SweepMember(std::string_view key) {
  if (key == "trace") return &ReplayOptions::trace;
  for (const OptionRow& row : ReplayOptionRows()) {
    if (row.key == key) return row.member;
  }
  return nullptr;
}

absl::StatusOr<SweepSpec> ParseSweepSpec(std::string_view text, std::string_view file) {
  const absl::StatusOr<Json> document = ParseJsonText(text, file);
  if (!document.ok()) return document.status();
  const Source source{text, file};
  constexpr std::string_view kShape = "expected an object with \"axes\" and perhaps \"options\"";
  if (!document->is_object()) return source.Error("", kShape);
  for (const auto& [key, value] : document->items()) {
    if (key != "axes" && key != "options") {
      return source.Error(absl::StrCat("/", PointerPart(key)), kShape);
    }
  }
  if (!document->contains("axes")) return source.Error("", kShape);
  const Json& axes = (*document)["axes"];
  if (!axes.is_object()) return source.Error("/axes", "expected an object: key to array of values");
  SweepSpec spec;
  for (const auto& [key, values] : axes.items()) {
    absl::StatusOr<SweepAxis> axis = ParseAxis(source, key, values);
    if (!axis.ok()) return axis.status();
    spec.axes.push_back(*std::move(axis));
  }
  if (document->contains("options")) {
    absl::Status status = ParseFixed(source, (*document)["options"], &spec);
    if (!status.ok()) return status;
  }
  const bool has_trace = !spec.options.trace.empty() ||
                         std::any_of(spec.axes.begin(), spec.axes.end(),
                                     [](const SweepAxis& axis) { return axis.key == "trace"; });
  if (!has_trace) return source.Error("/axes", "no trace: expected an axis or an option \"trace\"");
  return spec;
}

}  // namespace uffdsim
