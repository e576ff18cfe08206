// Splits "name:key=value,key=value", the form in which users choose a policy or a store.
//
// Rules: keys are unique; blanks are not trimmed. Positions count characters from 0 for callers and
//   are printed from 1.
// Owned by: the views point into the caller's text.
// Errors: InvalidArgument "<what>, character N: <what was expected>".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace uffdsim {

struct KeyValue {
  std::string_view key;
  std::string_view value;
  std::size_t key_at = 0;
  std::size_t value_at = 0;
};

struct NamedValues {
  std::string_view name;
  std::vector<KeyValue> values;
};

absl::StatusOr<NamedValues> SplitNamedValues(std::string_view what, std::string_view text);

// 'text', in quotes.
std::string Quoted(std::string_view text);

// The error that every reader of such a text returns.
absl::Status TextError(std::string_view what, std::size_t position, std::string_view message);

}  // namespace uffdsim
