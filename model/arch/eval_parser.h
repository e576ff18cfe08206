// The recursive-descent parser of expressions, which evaluates as it reads.
//
// Mirrors:  the expression grammar of C, without assignment and pointers.
// Rules:    names are looked up in the bindings (latest first), the constants of the configuration
//           and the abbreviations, in this order; a name before ( is a function.
// Owned by: nothing outlives the call.
// Errors:   InvalidArgument with the column.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/arch/eval.h"

namespace uffdsim::eval_internal {

struct Binding {
  std::string name;
  Value value;
};

// `bindings` must contain PFN, from which HPFN and CPFN follow.
absl::StatusOr<Value> ParseExpression(const Arch& arch, std::string_view text,
                                      std::vector<Binding> bindings);

}  // namespace uffdsim::eval_internal
