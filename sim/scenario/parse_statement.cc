#include "sim/scenario/parse_statement.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "model/base/near_match.h"
#include "sim/scenario/argument_reader.h"
#include "sim/scenario/syntax.h"
#include "sim/scenario/words.h"

namespace uffdsim {
namespace {

absl::string_view Abseil(std::string_view text) { return {text.data(), text.size()}; }

// What an argument is when it is left out.
void SetDefaults(Statement* statement) {
  statement->length = {1, 0};
  const bool counts = statement->code == OpCode::k_step || statement->code == OpCode::k_choose;
  if (counts) statement->number = 1;
  if (statement->code == OpCode::k_scan) {
    statement->scan.return_mask = kAllCategories;
    statement->scan.vec_len = 64;
  }
}

// `thread T` before an operation; false when it is wrong.
bool ReadThread(const TokenLine& line, std::size_t* first, std::string* thread,
                ParseErrors* errors) {
  if (line.tokens.size() < *first + 3) {
    errors->Add(line.number, line.end_column, "expected: thread T OPERATION ..");
    return false;
  }
  const Token& name = line.tokens[*first + 1];
  if (!IsName(name.text)) {
    errors->Add(line.number, name.column,
                absl::StrCat("'", Abseil(Shown(name.text)), "' is not a name for a thread"));
    return false;
  }
  *thread = std::string(name.text);
  *first += 2;
  return true;
}

}  // namespace

bool RunsInThread(OpCode code) {
  switch (code) {
    case OpCode::k_uffd:
    case OpCode::k_close:
    case OpCode::k_exit:
    case OpCode::k_messages:
    case OpCode::k_auto_resolve:
    case OpCode::k_observe:
    case OpCode::k_note:
    case OpCode::k_step:
    case OpCode::k_choose: return false;
    default: return true;
  }
}

std::optional<Statement> ParseStatement(const TokenLine& line, std::size_t first,
                                        std::uint32_t process, ParseErrors* errors) {
  std::string thread;
  if (line.tokens[first].text == "thread" && !ReadThread(line, &first, &thread, errors)) {
    return std::nullopt;
  }
  const Token& name = line.tokens[first];
  const Syntax* syntax = FindSyntax(name.text);
  if (syntax == nullptr) {
    errors->Add(line.number, name.column,
                absl::StrCat("unknown operation '", Abseil(Shown(name.text)), "'",
                             DidYouMean(Shown(name.text), LineWords())));
    return std::nullopt;
  }
  Statement statement;
  statement.code = syntax->code;
  statement.process = process;
  statement.thread = thread;
  if (!thread.empty() && !RunsInThread(syntax->code)) {
    errors->Add(line.number, name.column,
                absl::StrCat("'", Abseil(name.text), "' has no steps to take in a thread"));
    return std::nullopt;
  }
  SetDefaults(&statement);
  if (!ArgumentReader(line, *syntax, errors).Read(first + 1, &statement)) return std::nullopt;
  return statement;
}

std::vector<std::string_view> LineWords() {
  std::vector<std::string_view> words = {"arch", "profile", "defect", "expect", "thread"};
  for (const Syntax& syntax : AllSyntax()) words.push_back(syntax.name);
  return words;
}

}  // namespace uffdsim
