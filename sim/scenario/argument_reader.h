// The arguments of one operation, read from left to right by its row of syntax.def.
//
// Errors: added to `errors` with line, column, what is wrong and the whole form; every function
//         then returns false.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sim/scenario/statement.h"
#include "sim/scenario/syntax.h"
#include "sim/scenario/tokens.h"
#include "sim/scenario/words.h"

namespace uffdsim {

class ArgumentReader {
 public:
  ArgumentReader(const TokenLine& line, const Syntax& syntax, ParseErrors* errors)
      : line_(line), syntax_(syntax), errors_(errors) {}

  bool Read(std::size_t next, Statement* out);

 private:
  bool Fail(int column, std::string_view message);
  bool Wrong(const Token& token, std::string_view what);
  std::string Form() const;

  bool ReadWord(const Token& token, Statement* out);
  bool ReadKeyword(const Token& token, std::size_t equals, Statement* out);
  bool ReadValue(const SyntaxParameter& parameter, const Token& token, Statement* out);
  bool ReadName(const Token& token, std::string_view what, std::string* out);
  bool ReadQuantity(const Token& token, Quantity* out);
  bool ReadNumber(const Token& token, std::uint64_t most, std::uint64_t* out);
  bool ReadMask(const Token& token, std::span<const NamedBit> names, std::uint64_t* out);
  bool ReadPlace(const Token& token, std::string* region, Quantity* offset);
  bool ReadSmall(const Token& token, std::uint64_t most, std::uint32_t* out);
  bool ReadChoice(const Token& token, std::string_view set, std::string_view clear,
                  std::uint32_t bit, Statement* out);
  bool ReadNode(const Token& token, Statement* out);
  bool ReadSteps(const Token& token, Statement* out);
  bool ReadStep(const Token& token, Statement* out);
  bool ReadPoint(const Token& token, Statement* out);
  bool ReadKindLike(Role role, const Token& token, Statement* out);
  bool ReadMaskLike(Role role, const Token& token, Statement* out);
  bool ReadNumberLike(Role role, const Token& token, Statement* out);
  bool ReadNameLike(Role role, const Token& token, Statement* out);

  const TokenLine& line_;
  const Syntax& syntax_;
  ParseErrors* errors_;
};

}  // namespace uffdsim
