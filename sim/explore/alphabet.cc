#include "sim/explore/alphabet.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "model/base/near_match.h"
#include "sim/explore/alphabet_check.h"
#include "sim/scenario/parse.h"

namespace uffdsim {
namespace {

constexpr AlphabetRow kAlphabets[] = {
#define ALPHABET(name, sentence, text) {name, sentence, text},
#include "sim/explore/alphabets.def"
#undef ALPHABET
};

constexpr char kLetters[] = "letters";

// Each line with `mark` in it becomes one line for each number of [first, last).
void ExpandOne(const std::string& mark, std::uint32_t first, std::uint32_t last,
               std::vector<std::string>* lines) {
  std::vector<std::string> expanded;
  for (const std::string& line : *lines) {
    if (!absl::StrContains(line, mark)) {
      expanded.push_back(line);
      continue;
    }
    for (std::uint32_t i = first; i < last; ++i) {
      expanded.push_back(absl::StrReplaceAll(line, {{mark, absl::StrCat(i)}}));
    }
  }
  *lines = std::move(expanded);
}

std::vector<std::string> Expand(const std::string& line, AlphabetSize size) {
  std::vector<std::string> lines = {absl::StrReplaceAll(
      line, {{"$n", absl::StrCat(size.pages)}, {"$k", absl::StrCat(size.processes)}})};
  ExpandOne("$q", 0, size.processes, &lines);
  ExpandOne("$c", 1, size.processes, &lines);
  ExpandOne("$p", 0, size.pages, &lines);
  return lines;
}

}  // namespace

std::span<const AlphabetRow> Alphabets() { return kAlphabets; }

absl::StatusOr<Alphabet> ParseAlphabet(const std::string& name, const std::string& text,
                                       AlphabetSize size) {
  Alphabet alphabet;
  alphabet.name = name;
  alphabet.size = size;
  std::vector<Statement>* part = &alphabet.setup;
  std::vector<Line> operations;
  std::string above;  // as many empty lines as there are above, so that errors name the line
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n'))) {
    if (absl::StripAsciiWhitespace(line) == kLetters) {
      part = &alphabet.letters;
      above += '\n';
      continue;
    }
    for (const std::string& expanded : Expand(line, size)) {
      const auto parsed = ParseScenario(name, above + expanded);
      if (!parsed.ok()) return parsed.status();
      for (const Line& parsed_line : parsed->lines) {
        if (parsed_line.kind == Line::Kind::kBlank) continue;
        if (parsed_line.kind != Line::Kind::kOperation) {
          return absl::InvalidArgumentError(absl::StrCat(
              name, ":", parsed_line.number, ":1: expected an operation or `", kLetters, "`"));
        }
        part->push_back(parsed_line.statement);
        operations.push_back(parsed_line);
      }
    }
    above += '\n';
  }
  if (alphabet.letters.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": no letters; expected a line `", kLetters, "` and operations below"));
  }
  if (absl::Status checked = CheckAlphabetLines(name, operations); !checked.ok()) return checked;
  return alphabet;
}

absl::StatusOr<Alphabet> LoadAlphabet(const std::string& name_or_path, AlphabetSize size) {
  std::vector<std::string_view> known;
  for (const AlphabetRow& row : kAlphabets) {
    if (row.name == name_or_path) return ParseAlphabet(name_or_path, std::string(row.text), size);
    known.push_back(row.name);
  }
  std::ifstream file(name_or_path, std::ios::binary);
  if (!file) {
    return absl::InvalidArgumentError(absl::StrCat("no alphabet and no file '", name_or_path, "'",
                                                   DidYouMean(name_or_path, known)));
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return ParseAlphabet(name_or_path, text, size);
}

}  // namespace uffdsim
