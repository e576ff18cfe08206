// --what-if: one cost, or all, scaled by an exact fraction or set to a value.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/near_match.h"
#include "sim/cost/cost_model.h"

namespace uffdsim {
namespace {

__extension__ using Wide = unsigned __int128;  // not ISO C++, but in both compilers

constexpr std::string_view kAll = "all";
constexpr std::uint64_t kMaxTerm = 1'000'000'000;        // of a factor, and of a value in ns
constexpr std::uint64_t kMaxPs = 3'600'000'000'000'000;  // an hour

struct Fraction {
  std::uint64_t above = 0;
  std::uint64_t below = 1;
};

// Digits with at most `decimals` after a point: "12", "0.5". Nothing else, and at most kMaxTerm.
std::optional<Fraction> ParseDecimal(std::string_view text, int decimals) {
  Fraction value;
  bool point = false;
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9' || (point && decimals-- == 0)) return std::nullopt;
    value.above = value.above * 10 + static_cast<std::uint64_t>(c - '0');
    if (point) value.below *= 10;
    if (value.above > kMaxTerm * value.below || value.above > kMaxTerm * 1000) return std::nullopt;
    ++digits;
  }
  if (digits == 0) return std::nullopt;
  return value;
}

std::optional<Fraction> ParseFactor(std::string_view text) {
  constexpr int kDecimals = 6;
  const std::size_t slash = text.find('/');
  const std::optional<Fraction> above = ParseDecimal(text.substr(0, slash), kDecimals);
  if (!above || slash == std::string_view::npos) return above;
  const std::optional<Fraction> below = ParseDecimal(text.substr(slash + 1), kDecimals);
  if (!below || below->above == 0) return std::nullopt;
  return Fraction{above->above * below->below, above->below * below->above};
}

absl::Status Error(std::string_view text, std::string_view message) {
  return absl::InvalidArgumentError("what-if '" + std::string(text) + "': " + std::string(message));
}

// Rounded half up; nothing when the result is out of range.
std::optional<std::uint64_t> Scale(std::uint64_t picoseconds, Fraction factor) {
  const Wide scaled =
      (Wide{picoseconds} * factor.above * 2 + factor.below) / (Wide{factor.below} * 2);
  if (scaled > kMaxPs) return std::nullopt;
  return static_cast<std::uint64_t>(scaled);
}

}  // namespace

absl::Status ApplyWhatIf(std::string_view text, CostModel* costs) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return Error(text, "expected COST=xFACTOR or COST=NS");
  const std::string_view name = text.substr(0, equals);
  const std::string_view value = text.substr(equals + 1);
  const CostRow* const row = FindCost(name);
  if (row == nullptr && name != kAll) {
    std::vector<std::string_view> names = {kAll};
    for (const CostRow& known : CostRows()) names.push_back(known.name);
    return Error(text, "no such cost" + DidYouMean(name, names));
  }

  const bool scales = value.starts_with('x');
  const std::optional<Fraction> number =
      scales ? ParseFactor(value.substr(1)) : ParseDecimal(value, 3);
  if (!number) {
    return Error(text, "expected a factor such as x2, x0.5 or x3/2, or nanoseconds such as 250");
  }
  CostModel changed = *costs;
  for (const CostRow& each : CostRows()) {
    if (row != nullptr && each.name != name) continue;
    const std::uint64_t base = scales ? costs->*each.member : std::uint64_t{1000};
    const std::optional<std::uint64_t> result = Scale(base, *number);
    if (!result) return Error(text, std::string(each.name) + " would exceed an hour");
    changed.*each.member = *result;
  }
  *costs = changed;
  return absl::OkStatus();
}

}  // namespace uffdsim
