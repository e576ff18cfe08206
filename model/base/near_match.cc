#include "model/base/near_match.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace uffdsim {
namespace {

constexpr std::size_t kMostMatches = 3;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool Same(char a, char b) { return Lower(a) == Lower(b); }

bool BeginsWith(std::string_view text, std::string_view start) {
  return !start.empty() && text.size() >= start.size() &&
         EditDistance(text.substr(0, start.size()), start) == 0;
}

}  // namespace

std::size_t EditDistance(std::string_view a, std::string_view b) {
  // Row i holds the distances between the first i characters of a and every beginning of b.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = last[j - 1] + (Same(a[i - 1], b[j - 1]) ? 0 : 1);
      row[j] = std::min({replace, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

std::vector<std::string> NearMatches(std::string_view name,
                                     std::span<const std::string_view> known) {
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const std::string_view candidate : known) {
    const std::size_t distance = EditDistance(name, candidate);
    const std::size_t most = std::max<std::size_t>(1, std::max(name.size(), candidate.size()) / 3);
    if (distance <= most || BeginsWith(candidate, name)) near.emplace_back(distance, candidate);
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (const auto& [distance, candidate] : near) {
    if (names.size() < kMostMatches) names.emplace_back(candidate);
  }
  return names;
}

std::string DidYouMean(std::string_view name, std::span<const std::string_view> known) {
  const std::vector<std::string> near = NearMatches(name, known);
  std::string text;
  if (near.empty()) {
    if (known.empty()) return "";
    for (const std::string_view candidate : known) {
      text += text.empty() ? "; known: " : ", ";
      text += candidate;
    }
    return text;
  }
  for (std::size_t i = 0; i < near.size(); ++i) {
    text += i == 0 ? "; did you mean " : i + 1 == near.size() ? " or " : ", ";
    text += near[i];
  }
  return text + "?";
}

}  // namespace uffdsim
