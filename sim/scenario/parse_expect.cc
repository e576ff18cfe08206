#include "sim/scenario/parse_expect.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/base/near_match.h"
#include "sim/scenario/words.h"

namespace uffdsim {
namespace {

constexpr std::size_t kAnyNumber = 64;

struct Claim {
  std::string_view word;
  Expectation::Kind kind;
  std::size_t least;  // words after it
  std::size_t most;
  std::string_view form;
};

constexpr Claim kClaims[] = {
    {"ok", Expectation::Kind::kStatus, 0, 0, "expect ok"},
    {"error", Expectation::Kind::kStatus, 0, 1, "expect error [ERRNO]"},
    {"blocked", Expectation::Kind::kStatus, 0, 1, "expect blocked [KERNEL_FUNCTION]"},
    {"signal", Expectation::Kind::kStatus, 0, 3, "expect signal [NAME [CODE [R:page]]]"},
    {"started", Expectation::Kind::kStatus, 0, 0, "expect started"},
    {"next", Expectation::Kind::kNext, 1, 2, "expect next PATH.STEP | asleep [WHERE] | done"},
    {"died", Expectation::Kind::kStatus, 0, 0, "expect died"},
    {"bad", Expectation::Kind::kStatus, 0, 0, "expect bad"},
    {"ret", Expectation::Kind::kRet, 1, 1, "expect ret NUMBER"},
    {"out", Expectation::Kind::kOut, 1, 1, "expect out PAGES|ERRNO|none"},
    {"values", Expectation::Kind::kValues, 1, kAnyNumber, "expect values BYTE[*COUNT] .."},
    {"messages", Expectation::Kind::kMessages, 1, 1, "expect messages COUNT"},
    {"message", Expectation::Kind::kMessage, 2, 4,
     "expect message pagefault R:page FLAGS | fork U | remap R:page R:page n | "
     "remove R:page n | unmap R:page n"},
    {"resumed", Expectation::Kind::kResumed, 1, 3,
     "expect resumed none | OPERATION STATUS [DETAIL]"},
    {"ioctls", Expectation::Kind::kIoctls, 1, 1, "expect ioctls 0xMASK"},
    {"walk_end", Expectation::Kind::kWalkEnd, 1, 1, "expect walk_end R:page"},
    {"regions", Expectation::Kind::kRegions, 1, kAnyNumber,
     "expect regions none | R:page*COUNT=LETTERS .."},
    {"page", Expectation::Kind::kPage, 1, kAnyNumber, "expect page R off [n] FIELD=PATTERN .."},
    {"vma", Expectation::Kind::kVma, 1, kAnyNumber, "expect vma R off FIELD=VALUE .."},
    {"violation", Expectation::Kind::kViolation, 1, 1, "expect violation NAME|none"},
};

constexpr std::string_view kPageFields[] = {"pagemap", "scan", "mincore", "entry", "frame"};
constexpr std::string_view kVmaFields[] = {"prot", "flags", "rss", "swap", "anon", "huge"};

absl::string_view Abseil(std::string_view text) { return {text.data(), text.size()}; }

const Claim* FindClaim(std::string_view word) {
  const auto* found = std::find_if(std::begin(kClaims), std::end(kClaims),
                                   [&](const Claim& claim) { return claim.word == word; });
  return found == std::end(kClaims) ? nullptr : found;
}

// `R off [n]` of page and vma; returns how many tokens they took, or nothing.
std::optional<std::size_t> ReadPlace(const TokenLine& line, std::size_t next, const Claim& claim,
                                     Expectation* out, ParseErrors* errors) {
  const auto& tokens = line.tokens;
  const std::size_t begin = next;
  if (tokens.size() < next + 2 || !IsName(tokens[next].text) ||
      !ParseQuantity(tokens[next + 1].text)) {
    const int column = next < tokens.size() ? tokens[next].column : line.end_column;
    errors->Add(line.number, column, absl::StrCat("expected: ", Abseil(claim.form)));
    return std::nullopt;
  }
  out->region = std::string(tokens[next].text);
  out->offset = *ParseQuantity(tokens[next + 1].text);
  next += 2;
  if (claim.kind == Expectation::Kind::kPage && next < tokens.size()) {
    if (const auto length = ParseQuantity(tokens[next].text)) {
      out->length = *length;
      ++next;
    }
  }
  return next - begin;
}

// FIELD=PATTERN words must name a field that observe shows.
void CheckFields(const TokenLine& line, std::size_t next, const Claim& claim,
                 std::span<const std::string_view> fields, ParseErrors* errors) {
  for (; next < line.tokens.size(); ++next) {
    const Token& token = line.tokens[next];
    const std::size_t equals = token.text.find('=');
    const std::string_view field = token.text.substr(0, equals);
    if (equals == std::string_view::npos ||
        std::find(fields.begin(), fields.end(), field) == fields.end()) {
      errors->Add(
          line.number, token.column,
          absl::StrCat("unknown field '", Abseil(Shown(field)), "'",
                       DidYouMean(Shown(field), fields), "; expected: ", Abseil(claim.form)));
    }
  }
}

std::vector<std::string_view> ClaimWords() {
  std::vector<std::string_view> words;
  for (const Claim& claim : kClaims) words.push_back(claim.word);
  return words;
}

}  // namespace

Expectation ParseExpectation(const TokenLine& line, std::size_t first, std::uint32_t process,
                             ParseErrors* errors) {
  Expectation out;
  out.process = process;
  const auto& tokens = line.tokens;
  if (tokens.size() == first + 1) {
    errors->Add(line.number, line.end_column,
                "expected: expect CLAIM (ok, error, values, page, ..)");
    return out;
  }
  const Token& word = tokens[first + 1];
  const Claim* claim = FindClaim(word.text);
  if (claim == nullptr) {
    errors->Add(line.number, word.column,
                absl::StrCat("unknown claim '", Abseil(Shown(word.text)), "'",
                             DidYouMean(Shown(word.text), ClaimWords())));
    return out;
  }
  out.kind = claim->kind;
  std::size_t next = first + 2;
  if (claim->kind == Expectation::Kind::kPage || claim->kind == Expectation::Kind::kVma) {
    const auto taken = ReadPlace(line, next, *claim, &out, errors);
    if (!taken) return out;
    next += *taken;
    const bool page = claim->kind == Expectation::Kind::kPage;
    CheckFields(line, next, *claim,
                page ? std::span<const std::string_view>(kPageFields)
                     : std::span<const std::string_view>(kVmaFields),
                errors);
  } else if (claim->kind == Expectation::Kind::kStatus) {
    out.words.emplace_back(word.text);
  }
  const std::size_t rest = tokens.size() - next;
  if (rest < claim->least || rest > claim->most) {
    const int column = rest < claim->least ? line.end_column : tokens[next + claim->most].column;
    errors->Add(line.number, column, absl::StrCat("expected: ", Abseil(claim->form)));
  }
  for (; next < tokens.size(); ++next) out.words.emplace_back(tokens[next].text);
  return out;
}

std::string_view ExpectWord(Expectation::Kind kind) {
  if (kind == Expectation::Kind::kStatus) return "";
  for (const Claim& claim : kClaims) {
    if (claim.kind == kind) return claim.word;
  }
  return "";
}

}  // namespace uffdsim
