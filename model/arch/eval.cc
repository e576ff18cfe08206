#include "model/arch/eval.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "model/arch/decode.h"
#include "model/arch/eval_names.h"
#include "model/arch/eval_parser.h"

namespace uffdsim {
namespace {

absl::string_view Absl(std::string_view s) { return {s.data(), s.size()}; }

using eval_internal::Abbreviation;
using eval_internal::Function;

std::string_view KindName(ValueKind kind) {
  switch (kind) {
    case ValueKind::kNumber: return "number";
    case ValueKind::kPgprot: return "protection";
    case ValueKind::kPte: return "pte";
    case ValueKind::kPmd: return "pmd";
    case ValueKind::kSoftleaf: return "softleaf";
    case ValueKind::kArchEntry: return "swap entry of the architecture";
  }
  return "";
}

std::optional<Form> EntryForm(ValueKind kind) {
  if (kind == ValueKind::kPte) return Form::kPte;
  if (kind == ValueKind::kPmd) return Form::kPmd;
  return std::nullopt;
}

}  // namespace

absl::StatusOr<Value> Evaluate(const Arch& arch, std::string_view expression,
                               const EvalInputs& inputs) {
  const auto number = [](std::uint64_t n) { return Value{ValueKind::kNumber, n}; };
  std::vector<eval_internal::Binding> bindings = {
      {"PFN", number(inputs.pfn)},
      {"TYPE", number(inputs.type)},
      {"OFFSET", number(inputs.offset)},
  };
  return eval_internal::ParseExpression(arch, expression, std::move(bindings));
}

absl::StatusOr<std::string> PteEval(const Arch& arch, std::string_view expression,
                                    const EvalInputs& inputs) {
  const absl::StatusOr<Value> value = Evaluate(arch, expression, inputs);
  if (!value.ok()) return value.status();
  if (const std::optional<Form> form = EntryForm(value->kind)) {
    return PteDecode(arch, *form, value->bits);
  }
  return absl::StrFormat("0x%016x  %s\n", value->bits, Absl(KindName(value->kind)));
}

absl::StatusOr<std::string> PteEvalJson(const Arch& arch, std::string_view expression,
                                        const EvalInputs& inputs) {
  const absl::StatusOr<Value> value = Evaluate(arch, expression, inputs);
  if (!value.ok()) return value.status();
  if (const std::optional<Form> form = EntryForm(value->kind)) {
    return PteDecodeJson(arch, *form, value->bits);
  }
  return absl::StrFormat("{\"arch\":\"%s\",\"form\":\"%s\",\"word\":\"0x%016x\"}",
                         Absl(arch.name()), Absl(KindName(value->kind)), value->bits);
}

std::vector<EvalName> EvalFunctionNames() {
  std::vector<EvalName> names;
  for (const Function& f : eval_internal::AllFunctions()) names.push_back({f.name, f.sentence});
  return names;
}

std::vector<EvalName> EvalAbbreviations() {
  std::vector<EvalName> names;
  for (const Abbreviation& a : eval_internal::AllAbbreviations()) {
    names.push_back({a.name, a.sentence});
  }
  return names;
}

}  // namespace uffdsim
