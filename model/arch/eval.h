// A small expression language over words: the kernel's accessors as functions.
//
// Mirrors:  the names of arch/*/include/asm/pgtable.h, swapops.h and leafops.h, and the
//           abbreviations under which recorded kernel values are written down (RW, RWP(), MIG(),
//           ...).
// Rules:    C's operators, precedence and integer suffixes, `a ?: b` included; values are 64 bits
//           wide. A function without pte_ or pmd_ in front takes the form of its first argument, or
//           of the whole expression ("pmd: make(...)"). `NAME = expr; expr` rebinds an input.
// Owned by: nothing; evaluation is pure.
// Errors:   InvalidArgument with the column, what was found and what was expected.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/arch/arch.h"

namespace uffdsim {

enum class ValueKind : std::uint8_t {
  kNumber,     // a constant, a predicate's answer, pte_val()
  kPgprot,     // a protection
  kPte,        // an entry the pte helpers work on
  kPmd,        // an entry the pmd helpers work on
  kSoftleaf,   // the generic non-present entry: type << 58 | offset
  kArchEntry,  // __pte_to_swp_entry(): the architecture's own spelling of the same
};

struct Value {
  ValueKind kind = ValueKind::kNumber;
  std::uint64_t bits = 0;
};

// What PFN, TYPE and OFFSET stand for. HPFN and CPFN are PFN rounded down to a PMD leaf and to a
// contiguous-PTE group. The defaults are those of the recorded kernel values.
struct EvalInputs {
  std::uint64_t pfn = 0x12345;
  std::uint64_t type = 2;
  std::uint64_t offset = 0x1234;
};

absl::StatusOr<Value> Evaluate(const Arch& arch, std::string_view expression,
                               const EvalInputs& inputs = {});

// What `pte eval` prints: the value in hexadecimal, and its fields when it is an entry.
absl::StatusOr<std::string> PteEval(const Arch& arch, std::string_view expression,
                                    const EvalInputs& inputs = {});
absl::StatusOr<std::string> PteEvalJson(const Arch& arch, std::string_view expression,
                                        const EvalInputs& inputs = {});

// A name that expressions can use, with its sentence; for --help and the reference.
struct EvalName {
  std::string_view name;
  std::string_view sentence;
};
std::vector<EvalName> EvalFunctionNames();
std::vector<EvalName> EvalAbbreviations();

}  // namespace uffdsim
