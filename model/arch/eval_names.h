// The vocabulary of expressions: functions, constants and abbreviations as tables.
//
// Mirrors:  see eval.h.
// Owned by: static storage.
// Errors:   functions report a missing feature of the configuration; the parser adds the column.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "model/arch/eval.h"

namespace uffdsim::eval_internal {

// A call: the form is already chosen, the number of arguments already checked.
struct Call {
  const Arch& arch;
  Form form;
  std::span<const Value> args;

  Word word() const { return args[0].bits; }
  // A value of the call's own form.
  Value Entry(Word w) const { return {form == Form::kPte ? ValueKind::kPte : ValueKind::kPmd, w}; }
};

struct Function {
  std::string_view name;
  std::size_t min_args;
  std::size_t max_args;
  absl::StatusOr<Value> (*apply)(const Call&);
  std::string_view sentence;
};

// Looks for the whole name. Null when unknown.
const Function* FindFunction(std::string_view name);
std::span<const Function> AllFunctions();

// A constant of the configuration: its own masks, protections, swap types, sizes. Nothing when the
// name is unknown; an error when the configuration lacks the thing named.
std::optional<absl::StatusOr<Value>> FindConstant(const Arch& arch, std::string_view name);

// An abbreviation that stands for an expression. `parameter` is empty for a plain name.
struct Abbreviation {
  std::string_view name;
  std::string_view parameters;  // separated by commas
  std::string_view family;      // only for this architecture; empty: for all
  std::string_view text;
  std::string_view sentence;
};
const Abbreviation* FindAbbreviation(const Arch& arch, std::string_view name);
std::span<const Abbreviation> AllAbbreviations();

}  // namespace uffdsim::eval_internal
