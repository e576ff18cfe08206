#include "sim/text/parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "model/base/check.h"
#include "model/base/near_match.h"

namespace uffdsim {
namespace {

std::vector<std::string_view> SplitWords(std::string_view words) {
  std::vector<std::string_view> result;
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    result.push_back(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return result;
}

std::string FormatNumber(double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  UFFDSIM_CHECK(error == std::errc());
  return std::string(buffer, end);
}

std::string NoValue(std::string_view text, const Parameter& parameter) {
  return Quoted(text) + " is no value of " + std::string(parameter.key) + "; expected ";
}

absl::StatusOr<double> ParseValue(std::string_view what, const Parameter& parameter,
                                  std::string_view text, std::size_t position) {
  if (parameter.kind == ParameterKind::kWord) {
    const std::vector<std::string_view> words = SplitWords(parameter.words);
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] == text) return static_cast<double>(i);
    }
    return TextError(what, position,
                     NoValue(text, parameter) + "one of: " + std::string(parameter.words));
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = parameter.kind == ParameterKind::kWhole;
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) ||
      (whole && value != std::floor(value)) || value < parameter.lowest ||
      value > parameter.highest) {
    return TextError(what, position,
                     NoValue(text, parameter) + (whole ? "a whole number" : "a number") + " from " +
                         FormatNumber(parameter.lowest) + " to " + FormatNumber(parameter.highest));
  }
  return value;
}

}  // namespace

absl::StatusOr<std::vector<double>> ParseParameters(std::string_view what, std::string_view name,
                                                    std::span<const Parameter> parameters,
                                                    std::span<const KeyValue> given) {
  std::vector<double> values;
  std::vector<std::string_view> keys;
  for (const Parameter& parameter : parameters) {
    values.push_back(parameter.initial);
    keys.push_back(parameter.key);
  }
  for (const KeyValue& item : given) {
    const auto key = std::find(keys.begin(), keys.end(), item.key);
    if (key == keys.end()) {
      return TextError(
          what, item.key_at,
          std::string(name) + " has no parameter " + Quoted(item.key) + DidYouMean(item.key, keys));
    }
    const auto index = static_cast<std::size_t>(key - keys.begin());
    const absl::StatusOr<double> value =
        ParseValue(what, parameters[index], item.value, item.value_at);
    if (!value.ok()) return value.status();
    values[index] = *value;
  }
  return values;
}

std::string FormatParameters(std::string_view name, std::span<const Parameter> parameters,
                             std::span<const double> values) {
  std::string text(name);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Parameter& parameter = parameters[i];
    text += i == 0 ? ":" : ",";
    text += parameter.key;
    text += '=';
    if (parameter.kind == ParameterKind::kWord) {
      text += SplitWords(parameter.words)[static_cast<std::size_t>(values[i])];
    } else {
      text += FormatNumber(values[i]);
    }
  }
  return text;
}

}  // namespace uffdsim
