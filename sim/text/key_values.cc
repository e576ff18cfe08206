#include "sim/text/key_values.h"

#include <algorithm>

namespace uffdsim {

std::string Quoted(std::string_view text) {
  std::string quoted;
  quoted += '\'';
  quoted += text;
  quoted += '\'';
  return quoted;
}

absl::Status TextError(std::string_view what, std::size_t position, std::string_view message) {
  std::string text(what);
  text += ", character " + std::to_string(position + 1) + ": ";
  text += message;
  return absl::InvalidArgumentError(text);
}

absl::StatusOr<NamedValues> SplitNamedValues(std::string_view what, std::string_view text) {
  NamedValues result;
  const std::size_t colon = text.find(':');
  result.name = text.substr(0, colon);
  if (colon == std::string_view::npos) return result;

  for (std::size_t at = colon + 1;;) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string_view item = text.substr(at, end - at);
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      return TextError(what, at, "expected key=value, found " + Quoted(item));
    }
    const KeyValue value = {item.substr(0, equals), item.substr(equals + 1), at, at + equals + 1};
    for (const KeyValue& earlier : result.values) {
      if (earlier.key == value.key) {
        return TextError(what, at, std::string(value.key) + " is given twice");
      }
    }
    result.values.push_back(value);
    if (end == text.size()) return result;
    at = end + 1;
  }
}

}  // namespace uffdsim
