// Rules about size: what a reader can hold in mind.
#include <algorithm>
#include <string>
#include <utility>

#include "tests/tidy/rules.h"

namespace uffdsim::tidy {
namespace {

constexpr int kMaxFileLines = 600;     // a screenful times ten; most files aim at half
constexpr int kMaxFunctionLines = 90;  // aim at 70; a table of cases may need a little more

struct Function {
  std::string name;
  int first_line;
  int last_line;
};

// Blanks preprocessor lines with their continuations, so that braces in macros do not count.
std::string WithoutDirectives(std::string code) {
  bool in_directive = false;
  bool at_line_start = true;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code[i] == '\n') {
      in_directive = in_directive && i > 0 && code[i - 1] == '\\';
      at_line_start = true;
      continue;
    }
    if (at_line_start && code[i] == '#') in_directive = true;
    if (code[i] != ' ') at_line_start = false;
    // The backslash of a continuation stays for the test above; it is no brace.
    if (in_directive && code[i] != '\\') code[i] = ' ';
  }
  return code;
}

// What stands before a '{', back to the previous ';', '{' or '}', opens a function if it has a
// parameter list and neither defines a type or namespace nor initialises a variable.
bool OpensFunction(std::string_view head) {
  const std::size_t open = head.find('(');
  if (open == head.npos) return false;
  for (const std::string_view word : {"namespace", "struct", "class", "enum", "union"}) {
    if (!FindToken(head, word).empty()) return false;
  }
  const std::size_t assignment = head.find('=');
  const bool is_operator = !FindToken(head, "operator").empty();
  return is_operator || assignment == head.npos || assignment > open;
}

std::string NameBefore(std::string_view head) {
  std::size_t end = head.find('(');
  while (end > 0 && head[end - 1] == ' ') --end;
  std::size_t begin = end;
  while (begin > 0 && (IsIdentifier(head[begin - 1]) || head[begin - 1] == ':')) --begin;
  return std::string(head.substr(begin, end - begin));
}

std::vector<Function> Functions(const File& file) {
  const std::string code = WithoutDirectives(file.code);
  std::vector<Function> functions;
  int depth = 0;
  int function_depth = -1;  // the depth at which the present function's brace opened
  std::size_t head = 0;
  int line = 1;
  for (std::size_t i = 0; i < code.size(); ++i) {
    switch (code[i]) {
      case '\n': ++line; break;
      case '{': {
        const std::string_view before = std::string_view(code).substr(head, i - head);
        if (function_depth < 0 && OpensFunction(before)) {
          function_depth = depth;
          functions.push_back({NameBefore(before), line, line});
        }
        ++depth;
        head = i + 1;
        break;
      }
      case '}':
        --depth;
        if (depth == function_depth) {
          functions.back().last_line = line;
          function_depth = -1;
        }
        head = i + 1;
        break;
      case ';': head = i + 1; break;
      default: break;
    }
  }
  return functions;
}

}  // namespace

Findings Lengths(const Tree& tree) {
  Findings findings;
  for (const File& file : tree) {
    if (!file.IsCxx() || file.IsTest()) continue;
    const int lines = static_cast<int>(std::count(file.text.begin(), file.text.end(), '\n'));
    if (lines > kMaxFileLines) {
      findings.push_back(
          {{},
           file.path,
           0,
           std::to_string(lines) + " lines, at most " + std::to_string(kMaxFileLines)});
    }
    for (const Function& function : Functions(file)) {
      const int length = function.last_line - function.first_line + 1;
      if (length <= kMaxFunctionLines) continue;
      findings.push_back(
          {{},
           file.path + ":" + function.name,
           function.first_line,
           std::to_string(length) + " lines, at most " + std::to_string(kMaxFunctionLines)});
    }
  }
  return findings;
}

}  // namespace uffdsim::tidy
