// What numbers on the command line must be.
#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"

namespace uffdsim {

// A whole number within bounds. Without it "-1" would be a very large number.
inline CLI::Validator WholeNumber(std::uint64_t least, std::uint64_t most) {
  return {[=](const std::string& text) -> std::string {
            std::uint64_t value = 0;
            const char* const end = text.data() + text.size();
            const auto [stop, error] = std::from_chars(text.data(), end, value);
            if (stop == end && error == std::errc{} && value >= least && value <= most) return "";
            return absl::StrCat("expected a whole number from ", least, " to ", most, ", not '",
                                text, "'");
          },
          ""};
}

// Work of no size would count as clean.
inline CLI::Validator AtLeastOne() {
  return WholeNumber(1, std::numeric_limits<std::uint32_t>::max());
}
// Where 0 has a meaning of its own.
inline CLI::Validator NotNegative() {
  return WholeNumber(0, std::numeric_limits<std::uint32_t>::max());
}

}  // namespace uffdsim
