// One line of a scenario cut into words, and the errors that point at them.
//
// Errors: collected in `ParseErrors`, so that one run reports several mistakes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/statement.h"

namespace uffdsim {

struct Token {
  std::string_view text;
  int column = 1;  // from 1, in bytes
};

struct TokenLine {
  int number = 0;
  std::string_view text;  // without the comment
  std::vector<Token> tokens;
  std::string_view comment;  // after '#'
  bool has_comment = false;
  int end_column = 1;  // where something missing would have stood
};

TokenLine Tokenise(int number, std::string_view text);

class ParseErrors {
 public:
  explicit ParseErrors(std::string_view name) : name_(name) {}
  void Add(int line, int column, std::string_view message);
  bool empty() const { return messages_.empty(); }
  bool full() const;  // further mistakes are not kept
  std::string Text() const;

 private:
  std::string name_;
  std::vector<std::string> messages_;
};

// A word for an error message: cut where it is longer than any that could be meant.
std::string_view Shown(std::string_view word);

// `3`, `3+17`, `b4096`; numbers are decimal or 0x..
std::optional<Quantity> ParseQuantity(std::string_view text);

// A name of a region, file or context: a letter, then letters, digits, '_'.
bool IsName(std::string_view text);

}  // namespace uffdsim
