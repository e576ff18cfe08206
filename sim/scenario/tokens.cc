#include "sim/scenario/tokens.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sim/scenario/words.h"

namespace uffdsim {
namespace {

constexpr std::size_t kMostErrors = 10;
constexpr std::size_t kLongestShown = 40;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

TokenLine Tokenise(int number, std::string_view text) {
  TokenLine line;
  line.number = number;
  if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) {
    line.has_comment = true;
    line.comment = text.substr(hash + 1);
    while (!line.comment.empty() && IsSpace(line.comment.back())) line.comment.remove_suffix(1);
    text = text.substr(0, hash);
  }
  line.text = text;
  std::size_t at = 0;
  while (at < text.size()) {
    if (IsSpace(text[at])) {
      ++at;
      continue;
    }
    const std::size_t start = at;
    while (at < text.size() && !IsSpace(text[at])) ++at;
    line.tokens.push_back({text.substr(start, at - start), static_cast<int>(start) + 1});
    line.end_column = static_cast<int>(at) + 1;
  }
  return line;
}

void ParseErrors::Add(int line, int column, std::string_view message) {
  if (full()) return;
  messages_.push_back(absl::StrCat(name_, ":", line, ":", column, ": ",
                                   absl::string_view(message.data(), message.size())));
}

bool ParseErrors::full() const { return messages_.size() == kMostErrors; }

std::string ParseErrors::Text() const { return absl::StrJoin(messages_, "\n"); }

std::string_view Shown(std::string_view word) { return word.substr(0, kLongestShown); }

std::optional<Quantity> ParseQuantity(std::string_view text) {
  if (!text.empty() && text.front() == 'b') {
    const auto bytes = ParseNumber(text.substr(1));
    if (!bytes) return std::nullopt;
    return Quantity{0, *bytes};
  }
  const std::size_t plus = text.find('+');
  const auto pages = ParseNumber(text.substr(0, plus));
  if (!pages) return std::nullopt;
  if (plus == std::string_view::npos) return Quantity{*pages, 0};
  const auto bytes = ParseNumber(text.substr(plus + 1));
  if (!bytes) return std::nullopt;
  return Quantity{*pages, *bytes};
}

bool IsName(std::string_view text) {
  if (text.empty() || !IsLetter(text.front())) return false;
  for (const char c : text) {
    if (!IsLetter(c) && !IsDigit(c)) return false;
  }
  return true;
}

}  // namespace uffdsim
