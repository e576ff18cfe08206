#include "model/defect/versions.h"

#include <array>
#include <charconv>
#include <cstddef>

namespace uffdsim {
namespace {

// A kernel's place in time: numbers that compare as the kernels do.
using Place = std::array<int, 4>;
constexpr Place kBeginning = {0, 0, 0, 0};

// The third number: release candidates before releases, postings before the candidates of 7.3.
enum Stage : int { kPosted, kCandidate, kReleased };

// Takes a decimal number off the front.
std::optional<int> Number(std::string_view* text) {
  int value = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), value);
  if (read.ec != std::errc() || text->front() == '-') return std::nullopt;
  text->remove_prefix(static_cast<std::size_t>(read.ptr - text->data()));
  return value;
}

bool Take(std::string_view what, std::string_view* text) {
  if (!text->starts_with(what)) return false;
  text->remove_prefix(what.size());
  return true;
}

std::optional<Place> PlaceOf(std::string_view kernel) {
  if (Take("rwp-v", &kernel)) {
    const auto posting = Number(&kernel);
    if (!posting || !kernel.empty()) return std::nullopt;
    return Place{7, 3, kPosted, *posting};
  }
  const auto major = Number(&kernel);
  if (!major || !Take(".", &kernel)) return std::nullopt;
  const auto minor = Number(&kernel);
  if (!minor) return std::nullopt;
  Place place = {*major, *minor, kReleased, 0};
  if (Take("-rc", &kernel)) place[2] = kCandidate;
  if (Take(".", &kernel)) {
    const auto patch = Number(&kernel);
    if (!patch) return std::nullopt;
    place[3] = *patch;
  }
  return kernel.empty() ? std::optional(place) : std::nullopt;
}

std::optional<bool> RangeIncludes(std::string_view range, std::string_view kernel) {
  const std::size_t dash = range.starts_with("- ") ? 0 : range.find(" - ");
  if (dash == std::string_view::npos)
    return range.empty() ? std::nullopt : std::optional(range == kernel);
  const auto first = dash == 0 ? std::optional(kBeginning) : PlaceOf(range.substr(0, dash));
  const auto last = PlaceOf(range.substr(dash + (dash == 0 ? 2 : 3)));
  if (!first || !last || *last < *first) return std::nullopt;
  const auto at = PlaceOf(kernel);
  return at && *first <= *at && *at <= *last;
}

}  // namespace

std::optional<bool> VersionsInclude(std::string_view versions, std::string_view kernel) {
  bool included = false;
  for (;;) {
    const std::size_t comma = versions.find(", ");
    const auto here = RangeIncludes(versions.substr(0, comma), kernel);
    if (!here) return std::nullopt;
    included |= *here;
    if (comma == std::string_view::npos) return included;
    versions.remove_prefix(comma + 2);
  }
}

}  // namespace uffdsim
