// JSON that people wrote: what is wrong with it, and in which line.
//
// Rules:   a document is accepted or refused as a whole; a key that occurs twice in one object is
// an
//          error, as one of the two would be dropped silently. A place is that of a value, given by
//          its JSON pointer ("/axes/tracker/1"); "" is the whole document.
// Owned by: values. Errors: InvalidArgument "FILE:LINE:COLUMN: what is wrong".
// Units:   lines and columns (bytes) from 1.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace uffdsim {

absl::StatusOr<nlohmann::ordered_json> ParseJsonText(std::string_view text, std::string_view file);

// The error that says where in a document that ParseJsonText() accepted something is wrong.
absl::Status JsonError(std::string_view text, std::string_view file, std::string_view pointer,
                       std::string_view message);

// `key` as a part of a pointer: '~' and '/' are escaped.
std::string PointerPart(std::string_view key);

}  // namespace uffdsim
