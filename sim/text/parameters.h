// Named numbers that a user may give behind a choice: the "bits=2" of "clock:bits=2".
//
// Rules: a row lists its parameters; a choice holds a value for each of them, in the row's order,
// so
//   that printing it says everything. A word's value is its index among the words.
// Owned by: the rows live for ever. Errors: InvalidArgument that names the character in the text
//   and what was expected there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sim/text/key_values.h"

namespace uffdsim {

enum class ParameterKind : std::uint8_t { kWhole, kReal, kWord };

struct Parameter {
  std::string_view key;
  ParameterKind kind = ParameterKind::kWhole;
  double initial = 0;
  double lowest = 0;
  double highest = 0;
  std::string_view words;  // kWord: the words, separated by blanks; the value is an index
  std::string_view sentence;
};

// The values that `given` sets, and the initial ones of the rest. `what` is the kind of choice, for
// messages ("policy"), `name` the row's.
absl::StatusOr<std::vector<double>> ParseParameters(std::string_view what, std::string_view name,
                                                    std::span<const Parameter> parameters,
                                                    std::span<const KeyValue> given);

// "name:key=value,key=value", or "name" without parameters.
std::string FormatParameters(std::string_view name, std::span<const Parameter> parameters,
                             std::span<const double> values);

}  // namespace uffdsim
