// Quantities as people write them: 512MiB, 50ms, 12.5%.
//
// Errors: InvalidArgument "<option> '<text>': <what was expected>". Units: bytes, ns, millionths.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace uffdsim {

// Whole number in [lowest, highest].
absl::StatusOr<std::uint64_t> ParseCount(std::string_view option, std::string_view text,
                                         std::uint64_t lowest, std::uint64_t highest);
// "4096", "512KiB", "1.5GiB", "2G" (binary); greater than zero.
absl::StatusOr<std::uint64_t> ParseBytes(std::string_view option, std::string_view text);
// "250us", "50ms", "1.5s"; a unit is required; greater than zero.
absl::StatusOr<std::uint64_t> ParseDuration(std::string_view option, std::string_view text);
// "12.5%" in millionths; greater than zero.
absl::StatusOr<std::uint64_t> ParsePercent(std::string_view option, std::string_view text);

// The shortest exact text that reads back to the same value.
std::string FormatBytes(std::uint64_t bytes);
std::string FormatDuration(std::uint64_t ns);
std::string FormatPercent(std::uint64_t millionths);

}  // namespace uffdsim
