#include "sim/vmm/policy/registry.h"

#include <charconv>
#include <cmath>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/base/check.h"
#include "model/base/near_match.h"
#include "sim/text/key_values.h"
#include "sim/vmm/policy/factories.h"

namespace uffdsim {
namespace {

using enum ParameterKind;
using enum PolicyNeeds;

// Each row's parameters, with one empty element so that no array has length zero.
#define UFFDSIM_POLICY(identifier, name, needs, sentence, source, ...)                \
  constexpr PolicyParameter k##identifier##Parameters[] = {__VA_ARGS__ __VA_OPT__(, ) \
                                                               PolicyParameter{}};
#include "sim/vmm/policy/policy.def"

template <std::size_t n>
constexpr std::span<const PolicyParameter> WithoutLast(const PolicyParameter (&all)[n]) {
  return std::span<const PolicyParameter>(all, n - 1);
}

constexpr PolicyRow kRows[] = {
#define UFFDSIM_POLICY(identifier, name, needs, sentence, source, ...) \
  {name,                                                               \
   needs,                                                              \
   sentence,                                                           \
   source,                                                             \
   WithoutLast(k##identifier##Parameters),                             \
   &Make##identifier##Policy},
#include "sim/vmm/policy/policy.def"
};

// absl::StrCat takes Abseil's own string_view, which here is not the standard one.
std::string Text(std::string_view s) { return std::string(s); }

absl::Status Error(std::size_t position, const std::string& message) {
  return TextError("policy", position, message);
}

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

absl::StatusOr<double> ParseValue(const PolicyParameter& parameter, std::string_view text,
                                  std::size_t position) {
  if (parameter.kind == kWord) {
    const std::vector<std::string_view> words = SplitWords(parameter.words);
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] == text) return static_cast<double>(i);
    }
    return Error(position, absl::StrCat("'", Text(text), "' is no value of ", Text(parameter.key),
                                        "; expected one of: ", Text(parameter.words)));
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = parameter.kind == kWhole;
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) ||
      (whole && value != std::floor(value)) || value < parameter.lowest ||
      value > parameter.highest) {
    return Error(position, absl::StrCat("'", Text(text), "' is no value of ", Text(parameter.key),
                                        "; expected a ", whole ? "whole " : "", "number from ",
                                        FormatNumber(parameter.lowest), " to ",
                                        FormatNumber(parameter.highest)));
  }
  return value;
}

std::vector<std::string_view> Keys(const PolicyRow& row) {
  std::vector<std::string_view> keys;
  for (const PolicyParameter& parameter : row.parameters) keys.push_back(parameter.key);
  return keys;
}

absl::Status ParseParameter(const KeyValue& given, PolicyChoice* choice) {
  const PolicyRow& row = *choice->row;
  for (std::size_t i = 0; i < row.parameters.size(); ++i) {
    if (row.parameters[i].key != given.key) continue;
    absl::StatusOr<double> value = ParseValue(row.parameters[i], given.value, given.value_at);
    if (!value.ok()) return value.status();
    choice->values[i] = *value;
    return absl::OkStatus();
  }
  return Error(given.key_at, absl::StrCat(Text(row.name), " has no parameter '", Text(given.key),
                                          "'", DidYouMean(given.key, Keys(row))));
}

}  // namespace

std::span<const PolicyRow> Policies() { return kRows; }

const PolicyRow* FindPolicy(std::string_view name) {
  for (const PolicyRow& row : kRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

absl::StatusOr<PolicyChoice> ParsePolicy(std::string_view text) {
  const absl::StatusOr<NamedValues> split = SplitNamedValues("policy", text);
  if (!split.ok()) return split.status();
  PolicyChoice choice;
  choice.row = FindPolicy(split->name);
  if (choice.row == nullptr) {
    std::vector<std::string_view> names;
    for (const PolicyRow& row : kRows) names.push_back(row.name);
    return Error(0, absl::StrCat("unknown policy '", Text(split->name), "'",
                                 DidYouMean(split->name, names)));
  }
  for (const PolicyParameter& parameter : choice.row->parameters) {
    choice.values.push_back(parameter.initial);
  }
  for (const KeyValue& given : split->values) {
    const absl::Status status = ParseParameter(given, &choice);
    if (!status.ok()) return status;
  }
  return choice;
}

std::string FormatPolicy(const PolicyChoice& choice) {
  std::string text(choice.row->name);
  for (std::size_t i = 0; i < choice.values.size(); ++i) {
    const PolicyParameter& parameter = choice.row->parameters[i];
    absl::StrAppend(&text, i == 0 ? ":" : ",", Text(parameter.key), "=");
    if (parameter.kind == kWord) {
      text += SplitWords(parameter.words)[static_cast<std::size_t>(choice.values[i])];
    } else {
      text += FormatNumber(choice.values[i]);
    }
  }
  return text;
}

std::unique_ptr<Policy> MakePolicy(const PolicyChoice& choice, PolicySetting setting) {
  UFFDSIM_CHECK(setting.page_count > 0 && setting.capacity > 0);
  setting.parameters = choice.values;
  return choice.row->make(setting);
}

std::vector<std::uint32_t> NextUses(std::span<const PageId> pages, std::uint32_t page_count) {
  UFFDSIM_CHECK(pages.size() < kNeverAgain);
  std::vector<std::uint32_t> next(page_count, kNeverAgain);
  std::vector<std::uint32_t> uses(pages.size());
  for (std::size_t i = pages.size(); i-- > 0;) {
    uses[i] = next[pages[i]];
    next[pages[i]] = static_cast<std::uint32_t>(i);
  }
  return uses;
}

}  // namespace uffdsim
