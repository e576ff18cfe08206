// How a user names a row of a catalogue: "name" or "name:key=value,key=value".
//
// Rules: a row has a `name`; where the keys are numbers it has `parameters` too, and a choice holds
// a
//   value for each.
// Owned by: rows live for ever; a choice is a value.
// Errors: InvalidArgument that names the character and what was expected there.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/base/near_match.h"
#include "sim/text/key_values.h"
#include "sim/text/parameters.h"

namespace uffdsim {

// The parameters of a row made by a macro, which ends every list with an empty one so that no array
// has length zero.
template <std::size_t n>
constexpr std::span<const Parameter> WithoutLast(const Parameter (&all)[n]) {
  return std::span<const Parameter>(all, n - 1);
}

// The row of that name, or null.
template <class Row>
const Row* FindRow(std::span<const Row> rows, std::string_view name) {
  for (const Row& row : rows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

// `noun`: "unknown <noun> 'nmae'; did you mean name?"
template <class Row>
absl::Status UnknownRow(std::string_view what, std::string_view noun, std::span<const Row> rows,
                        std::string_view name) {
  std::vector<std::string_view> names;
  for (const Row& row : rows) names.push_back(row.name);
  return TextError(what, 0,
                   "unknown " + std::string(noun) + " " + Quoted(name) + DidYouMean(name, names));
}

// For a Choice of a row and the values of its parameters.
template <class Choice, class Row>
absl::StatusOr<Choice> ParseChoice(std::string_view what, std::string_view noun,
                                   std::span<const Row> rows, std::string_view text) {
  const absl::StatusOr<NamedValues> split = SplitNamedValues(what, text);
  if (!split.ok()) return split.status();
  Choice choice;
  choice.row = FindRow(rows, split->name);
  if (choice.row == nullptr) return UnknownRow(what, noun, rows, split->name);
  absl::StatusOr<std::vector<double>> values =
      ParseParameters(what, choice.row->name, choice.row->parameters, split->values);
  if (!values.ok()) return values.status();
  choice.values = *std::move(values);
  return choice;
}

}  // namespace uffdsim
