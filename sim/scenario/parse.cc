#include "sim/scenario/parse.h"

#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/scenario/parse_expect.h"
#include "sim/scenario/parse_statement.h"
#include "sim/scenario/syntax.h"
#include "sim/scenario/tokens.h"
#include "sim/scenario/words.h"

namespace uffdsim {

bool operator==(const Statement& a, const Statement& b) {
  const auto tied = [](const Statement& s) {
    return std::tie(s.code, s.process, s.given, s.thread, s.region, s.region2, s.file, s.uffd,
                    s.path, s.text, s.regions, s.offset, s.length, s.offset2, s.length2, s.at,
                    s.file_offset, s.number, s.number2, s.mode, s.features, s.disable, s.api,
                    s.flags, s.pin, s.target, s.observed, s.prot, s.map_kind, s.advice);
  };
  const auto scan = [](const Statement& s) {
    return std::tie(s.scan.category_mask, s.scan.category_inverted, s.scan.category_anyof_mask,
                    s.scan.return_mask, s.scan.flags, s.scan.vec_len, s.scan.max_pages,
                    s.scan.size);
  };
  return tied(a) == tied(b) && scan(a) == scan(b);
}

bool operator==(const Line& a, const Line& b) {
  return a.kind == b.kind && a.header == b.header && a.statement == b.statement &&
         a.expectation == b.expectation && a.comment == b.comment && a.has_comment == b.has_comment;
}

namespace {

std::optional<Header::Kind> FindHeader(std::string_view word) {
  if (word == "arch") return Header::Kind::kArch;
  if (word == "profile") return Header::Kind::kProfile;
  if (word == "defect") return Header::Kind::kDefect;
  if (word == "hardware") return Header::Kind::kHardware;
  return std::nullopt;
}

// `arch NAME ..`, `profile NAME`, `defect NAME ..`, `hardware tlb`
void ParseHeader(const TokenLine& tokens, Header::Kind kind, bool late, Line* line,
                 ParseErrors* errors) {
  line->kind = Line::Kind::kHeader;
  line->header.kind = kind;
  if (late) {
    errors->Add(tokens.number, tokens.tokens[0].column,
                "header lines stand before the first operation");
  }
  if (tokens.tokens.size() < 2) {
    errors->Add(tokens.number, tokens.end_column,
                "missing name; expected: arch|profile|defect|hardware NAME");
  }
  if (kind == Header::Kind::kProfile && tokens.tokens.size() > 2) {
    errors->Add(tokens.number, tokens.tokens[2].column, "a scenario has one profile");
  }
  if (kind == Header::Kind::kHardware && tokens.tokens.size() > 1 &&
      (tokens.tokens.size() > 2 || tokens.tokens[1].text != kTlb)) {
    errors->Add(tokens.number, tokens.tokens[1].column, "expected: hardware tlb");
  }
  for (std::size_t i = 1; i < tokens.tokens.size(); ++i) {
    line->header.names.emplace_back(tokens.tokens[i].text);
  }
}

// `@P`, or nothing; false when it is wrong.
bool ParseProcess(const TokenLine& tokens, std::size_t* first, std::uint32_t* process,
                  ParseErrors* errors) {
  const Token& token = tokens.tokens[0];
  if (token.text.front() != '@') return true;
  const auto number = ParseNumber(token.text.substr(1));
  if (!number || *number > 63) {
    errors->Add(tokens.number, token.column, "expected @P with a process number");
    return false;
  }
  if (tokens.tokens.size() == 1) {
    errors->Add(tokens.number, tokens.end_column, "missing operation after @P");
    return false;
  }
  *first = 1;
  *process = static_cast<std::uint32_t>(*number);
  return true;
}

Line ParseLine(const TokenLine& tokens, bool* operations_begun, ParseErrors* errors) {
  Line line;
  line.number = tokens.number;
  line.has_comment = tokens.has_comment;
  line.comment = std::string(tokens.comment);
  if (tokens.tokens.empty()) return line;
  std::size_t first = 0;
  std::uint32_t process = 0;
  if (!ParseProcess(tokens, &first, &process, errors)) return line;
  const std::string_view word = tokens.tokens[first].text;
  if (const auto header = FindHeader(word); header && first == 0) {
    ParseHeader(tokens, *header, *operations_begun, &line, errors);
  } else if (word == "expect") {
    line.kind = Line::Kind::kExpect;
    if (!*operations_begun) {
      errors->Add(tokens.number, tokens.tokens[first].column,
                  "expect speaks of the operation above it, but there is none");
    }
    line.expectation = ParseExpectation(tokens, first, process, errors);
  } else if (auto statement = ParseStatement(tokens, first, process, errors)) {
    line.kind = Line::Kind::kOperation;
    line.statement = std::move(*statement);
    *operations_begun = true;
  } else {
    *operations_begun = true;  // a wrong operation is still one for the lines below
  }
  return line;
}

}  // namespace

absl::StatusOr<Scenario> ParseScenario(std::string_view name, std::string_view text) {
  Scenario scenario;
  scenario.name = std::string(name);
  ParseErrors errors(name);
  bool operations_begun = false;
  for (int number = 1; !text.empty() && !errors.full(); ++number) {
    const std::size_t end = text.find('\n');
    const TokenLine tokens = Tokenise(number, text.substr(0, end));
    scenario.lines.push_back(ParseLine(tokens, &operations_begun, &errors));
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  if (!errors.empty()) return absl::InvalidArgumentError(errors.Text());
  return scenario;
}

absl::StatusOr<Scenario> LoadScenario(std::string_view path) {
  const auto read = [](std::istream& in) {
    return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  };
  if (path == "-") return ParseScenario("<stdin>", read(std::cin));
  const std::string file_name(path);
  std::ifstream file(file_name, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(file_name, ": cannot be opened"));
  std::string text = read(file);
  if (file.bad()) return absl::DataLossError(absl::StrCat(file_name, ": cannot be read"));
  return ParseScenario(path, text);
}

}  // namespace uffdsim
