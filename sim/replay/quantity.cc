#include "sim/replay/quantity.h"

#include <charconv>
#include <span>

#include "absl/strings/str_cat.h"

namespace uffdsim {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr Unit kByteUnits[] = {{"B", 1},
                               {"K", 1ULL << 10},
                               {"KiB", 1ULL << 10},
                               {"M", 1ULL << 20},
                               {"MiB", 1ULL << 20},
                               {"G", 1ULL << 30},
                               {"GiB", 1ULL << 30},
                               {"T", 1ULL << 40},
                               {"TiB", 1ULL << 40}};
constexpr Unit kTimeUnits[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};

absl::Status Bad(std::string_view option, std::string_view text, std::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("--", std::string(option), " '", std::string(text),
                                                 "': expected ", std::string(expected)));
}

// A decimal number with up to six decimals and a unit, as an integer multiple of the unit of 1.
// False when it is none, or too large.
bool ParseScaled(std::string_view text, std::span<const Unit> units, bool unit_required,
                 std::uint64_t* value) {
  std::uint64_t whole = 0;
  const char* const end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, whole);
  if (error != std::errc() || at == text.data()) return false;
  std::uint64_t millionths = 0;
  if (at != end && *at == '.') {
    ++at;
    std::uint64_t place = 100000;
    const char* const first = at;
    for (; at != end && *at >= '0' && *at <= '9'; ++at, place /= 10) {
      if (place == 0) return false;
      millionths += static_cast<std::uint64_t>(*at - '0') * place;
    }
    if (at == first) return false;
  }
  std::uint64_t factor = unit_required ? 0 : 1;
  const std::string_view rest(at, static_cast<std::size_t>(end - at));
  if (!rest.empty()) factor = 0;
  for (const Unit& unit : units) {
    if (unit.name == rest) factor = unit.factor;
  }
  if (factor == 0) return false;
  if (whole > (UINT64_MAX >> 1) / factor) return false;
  *value =
      whole * factor + millionths * (factor / 1000000) + millionths * (factor % 1000000) / 1000000;
  return true;
}

std::string Shortest(std::uint64_t value, std::span<const Unit> units) {
  std::string_view name;
  std::uint64_t factor = 1;
  for (const Unit& unit : units) {
    if (value % unit.factor != 0 || unit.factor < factor) continue;
    factor = unit.factor;
    name = unit.name;
  }
  return absl::StrCat(value / factor, std::string(name));
}

}  // namespace

absl::StatusOr<std::uint64_t> ParseCount(std::string_view option, std::string_view text,
                                         std::uint64_t lowest, std::uint64_t highest) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || value < lowest || value > highest) {
    return Bad(option, text, absl::StrCat("a whole number from ", lowest, " to ", highest));
  }
  return value;
}

absl::StatusOr<std::uint64_t> ParseBytes(std::string_view option, std::string_view text) {
  std::uint64_t bytes = 0;
  if (!ParseScaled(text, kByteUnits, false, &bytes) || bytes == 0) {
    return Bad(option, text, "a size greater than zero, like 4096, 512KiB or 1.5GiB");
  }
  return bytes;
}

absl::StatusOr<std::uint64_t> ParseDuration(std::string_view option, std::string_view text) {
  std::uint64_t ns = 0;
  if (!ParseScaled(text, kTimeUnits, true, &ns) || ns == 0) {
    return Bad(option, text, "a time greater than zero with its unit, like 250us, 50ms or 1.5s");
  }
  return ns;
}

absl::StatusOr<std::uint64_t> ParsePercent(std::string_view option, std::string_view text) {
  constexpr Unit kPercent[] = {{"%", 10000}};
  std::uint64_t millionths = 0;
  if (!ParseScaled(text, kPercent, true, &millionths) || millionths == 0) {
    return Bad(option, text, "a share greater than zero, like 50% or 12.5%");
  }
  return millionths;
}

std::string FormatBytes(std::uint64_t bytes) {
  constexpr Unit kUnits[] = {
      {"", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}};
  return Shortest(bytes, kUnits);
}

std::string FormatDuration(std::uint64_t ns) { return Shortest(ns, kTimeUnits); }

std::string FormatPercent(std::uint64_t millionths) {
  std::string text = absl::StrCat(millionths / 10000);
  std::uint64_t rest = millionths % 10000;
  if (rest != 0) {
    std::string decimals = absl::StrCat(rest + 10000).substr(1);
    while (decimals.back() == '0') decimals.pop_back();
    text += "." + decimals;
  }
  return text + "%";
}

}  // namespace uffdsim
