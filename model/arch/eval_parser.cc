#include "model/arch/eval_parser.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/arch/eval_names.h"
#include "model/base/near_match.h"

namespace uffdsim::eval_internal {
namespace {

using Result = absl::StatusOr<Value>;

absl::string_view Absl(std::string_view s) { return {s.data(), s.size()}; }

// Abbreviations expand into abbreviations, and parentheses nest; neither may exhaust the stack.
constexpr int kMaxDepth = 200;

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Binary operators by rising precedence, as in C.
struct Operator {
  std::string_view text;
  int precedence;
};
constexpr Operator kOperators[] = {
    {"||", 1}, {"&&", 2}, {"==", 6}, {"!=", 6}, {"<<", 8}, {">>", 8},
    {"|", 3},  {"^", 4},  {"&", 5},  {"<=", 7}, {">=", 7}, {"<", 7},
    {">", 7},  {"+", 9},  {"-", 9},  {"*", 10}, {"/", 10}, {"%", 10},
};

std::vector<std::string_view> FunctionNames() {
  std::vector<std::string_view> names;
  for (const Function& f : AllFunctions()) names.push_back(f.name);
  for (const Abbreviation& a : AllAbbreviations()) {
    if (!a.parameters.empty()) names.push_back(a.name);
  }
  return names;
}

std::vector<std::string_view> ConstantNames(const Arch& arch) {
  std::vector<std::string_view> names;
  for (const Constant& c : arch.layout().constants) {
    if (!c.name.empty()) names.push_back(c.name);
  }
  for (const Abbreviation& a : AllAbbreviations()) {
    const bool ours = a.family.empty() || a.family == arch.family();
    if (a.parameters.empty() && ours) names.push_back(a.name);
  }
  return names;
}

class Parser {
 public:
  Parser(const Arch& arch, std::string_view text, std::vector<Binding> bindings, Form form,
         int depth)
      : arch_(arch), text_(text), bindings_(std::move(bindings)), form_(form), depth_(depth) {}

  Result Run() {
    if (Accept("pmd:")) {
      form_ = Form::kPmd;
    } else if (Accept("pte:")) {
      form_ = Form::kPte;
    }
    for (;;) {
      const std::optional<std::string> name = AcceptBinding();
      Result value = Expression(0);
      if (!value.ok()) return value;
      Skip();
      if (name.has_value()) {
        if (!Accept(";")) return Error("expected ; after the binding of " + *name);
        bindings_.push_back({*name, *value});
        continue;
      }
      if (at_ != text_.size()) return Error("expected an operator or the end");
      return value;
    }
  }

 private:
  void Skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) {
      ++at_;
    }
  }
  bool Accept(std::string_view token) {
    Skip();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  absl::Status Error(std::string_view expectation) const { return ErrorAt(at_, expectation); }
  absl::Status ErrorAt(std::size_t at, std::string_view expectation) const {
    const std::string found =
        at < text_.size() ? absl::StrCat("'", Absl(text_.substr(at, 16)), "'") : "the end";
    return absl::InvalidArgumentError(absl::StrCat("expression \"", Absl(text_), "\", column ",
                                                   at + 1, ": found ", found, ", ",
                                                   Absl(expectation)));
  }

  // "NAME =" but not "NAME ==".
  std::optional<std::string> AcceptBinding() {
    Skip();
    std::size_t end = at_;
    if (end >= text_.size() || !IsNameStart(text_[end])) return std::nullopt;
    while (end < text_.size() && (IsNameStart(text_[end]) || IsDigit(text_[end]))) ++end;
    std::size_t equals = end;
    while (equals < text_.size() && text_[equals] == ' ') ++equals;
    if (equals >= text_.size() || text_[equals] != '=') return std::nullopt;
    if (equals + 1 < text_.size() && text_[equals + 1] == '=') return std::nullopt;
    std::string name(text_.substr(at_, end - at_));
    at_ = equals + 1;
    return name;
  }

  // Precedence climbing: operators of at least `minimum` bind here, weaker ones further out.
  Result Expression(int minimum) {
    if (++depth_ > kMaxDepth) return Error("which nests too deeply");
    Result left = Unary();
    while (left.ok()) {
      Skip();
      const Operator* op = PeekOperator();
      if (op == nullptr || op->precedence < minimum) break;
      at_ += op->text.size();
      Result right = Expression(op->precedence + 1);
      if (!right.ok()) return right;
      left = Apply(*op, *left, *right);
    }
    if (left.ok() && minimum == 0 && Accept("?")) left = Conditional(*left);
    --depth_;
    return left;
  }

  // The table lists "<<" before "<", so the first match is the longest.
  const Operator* PeekOperator() const {
    for (const Operator& op : kOperators) {
      if (text_.substr(at_).starts_with(op.text)) return &op;
    }
    return nullptr;
  }

  // Both branches are evaluated: they have no effects, and errors in either should show.
  Result Conditional(Value condition) {
    Value then = condition;
    if (!Accept(":")) {
      Result value = Expression(0);
      if (!value.ok()) return value;
      then = *value;
      if (!Accept(":")) return Error("expected : of a conditional");
    }
    Result otherwise = Expression(0);
    if (!otherwise.ok()) return otherwise;
    return condition.bits != 0 ? then : *otherwise;
  }

  Result Apply(const Operator& op, Value a, Value b) const {
    const auto result = [&a](std::uint64_t bits) { return Value{a.kind, bits}; };
    const auto truth = [](bool is) { return Value{ValueKind::kNumber, is ? 1U : 0U}; };
    if (op.text == "|") return result(a.bits | b.bits);
    if (op.text == "&") return result(a.bits & b.bits);
    if (op.text == "^") return result(a.bits ^ b.bits);
    if (op.text == "+") return result(a.bits + b.bits);
    if (op.text == "-") return result(a.bits - b.bits);
    if (op.text == "*") return result(a.bits * b.bits);
    if (op.text == "<<") return result(b.bits < 64 ? a.bits << b.bits : 0);
    if (op.text == ">>") return result(b.bits < 64 ? a.bits >> b.bits : 0);
    if (op.text == "==") return truth(a.bits == b.bits);
    if (op.text == "!=") return truth(a.bits != b.bits);
    if (op.text == "<=") return truth(a.bits <= b.bits);
    if (op.text == ">=") return truth(a.bits >= b.bits);
    if (op.text == "<") return truth(a.bits < b.bits);
    if (op.text == ">") return truth(a.bits > b.bits);
    if (op.text == "&&") return truth(a.bits != 0 && b.bits != 0);
    if (op.text == "||") return truth(a.bits != 0 || b.bits != 0);
    if (b.bits == 0) return Error("after a division by zero");
    return result(op.text == "/" ? a.bits / b.bits : a.bits % b.bits);
  }

  Result Unary() {
    Skip();
    if (++depth_ > kMaxDepth) return Error("which nests too deeply");
    Result value = Accept("~")   ? Negated([](std::uint64_t n) { return ~n; })
                   : Accept("-") ? Negated([](std::uint64_t n) { return -n; })
                   : Accept("!") ? Negated([](std::uint64_t n) { return std::uint64_t{n == 0}; })
                                 : Primary();
    --depth_;
    return value;
  }
  Result Negated(std::uint64_t (*op)(std::uint64_t)) {
    Result value = Unary();
    if (value.ok()) value->bits = op(value->bits);
    return value;
  }

  Result Primary() {
    if (Accept("(")) {
      Result value = Expression(0);
      if (value.ok() && !Accept(")")) return Error("expected )");
      return value;
    }
    if (at_ < text_.size() && IsDigit(text_[at_])) return Integer();
    if (at_ < text_.size() && IsNameStart(text_[at_])) return Named();
    return Error("expected a number, a name or (");
  }

  Result Integer() {
    const std::size_t start = at_;
    unsigned base = 10;
    if (text_.substr(at_).starts_with("0x") || text_.substr(at_).starts_with("0X")) {
      base = 16;
      at_ += 2;
    }
    std::uint64_t value = 0;
    std::size_t digits = 0;
    for (; at_ < text_.size(); ++at_, ++digits) {
      const char c = text_[at_];
      unsigned digit = 99;
      if (IsDigit(c)) digit = static_cast<unsigned>(c - '0');
      if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a' + 10);
      if (c >= 'A' && c <= 'F') digit = static_cast<unsigned>(c - 'A' + 10);
      if (digit >= base) break;
      if (value > (~std::uint64_t{0} - digit) / base) {
        return ErrorAt(start, "expected a number of at most 64 bits");
      }
      value = value * base + digit;
    }
    while (at_ < text_.size() &&
           std::string_view("uUlL").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    }
    if (digits == 0 || (at_ < text_.size() && IsNameStart(text_[at_]))) {
      return ErrorAt(start, "expected a decimal or 0x number");
    }
    return Value{ValueKind::kNumber, value};
  }

  Result Named() {
    const std::size_t start = at_;
    while (at_ < text_.size() && (IsNameStart(text_[at_]) || IsDigit(text_[at_]))) ++at_;
    const std::string_view name = text_.substr(start, at_ - start);
    Skip();
    if (Accept("(")) return CallOf(name, start);
    if (const Value* bound = Bound(name)) return *bound;
    if (name == "HPFN") return Rounded(arch_.PmdOrder());
    if (name == "CPFN") return Rounded(arch_.HugeOrder(HugeSize::kContPte));
    if (const auto constant = FindConstant(arch_, name)) {
      if (!constant->ok()) return ErrorAt(start, Message(constant->status()));
      return *constant;
    }
    const Abbreviation* abbreviation = FindAbbreviation(arch_, name);
    if (abbreviation != nullptr && abbreviation->parameters.empty()) {
      return Expand(*abbreviation, {}, start);
    }
    return ErrorAt(start, "expected a constant that " + std::string(arch_.name()) + " has" +
                              DidYouMean(name, ConstantNames(arch_)));
  }

  const Value* Bound(std::string_view name) const {
    for (auto b = bindings_.rbegin(); b != bindings_.rend(); ++b) {
      if (b->name == name) return &b->value;
    }
    return nullptr;
  }
  Value Rounded(unsigned order) const {
    return {ValueKind::kNumber, Bound("PFN")->bits >> order << order};
  }

  static std::string Message(const absl::Status& status) {
    return std::string(status.message().data(), status.message().size());
  }

  // After the opening parenthesis.
  absl::StatusOr<std::vector<Value>> Arguments() {
    std::vector<Value> args;
    if (Accept(")")) return args;
    for (;;) {
      const Result value = Expression(0);
      if (!value.ok()) return value.status();
      args.push_back(*value);
      if (Accept(")")) return args;
      if (!Accept(",")) return Error("expected , or )");
    }
  }

  Result CallOf(std::string_view name, std::size_t start) {
    const absl::StatusOr<std::vector<Value>> args = Arguments();
    if (!args.ok()) return args.status();
    if (const Abbreviation* a = FindAbbreviation(arch_, name);
        a != nullptr && !a->parameters.empty()) {
      return Expand(*a, *args, start);
    }
    for (const Helper& helper : arch_.layout().helpers) {
      const bool named =
          helper.name == name || (name.starts_with("pte_") && helper.name == name.substr(4));
      if (named && !args->empty()) {
        const Word w = helper.apply((*args)[0].bits);
        const bool number =
            name == "__pte_to_rste";  // a table word, not something pte helpers read
        return Value{number ? ValueKind::kNumber : ValueKind::kPte, w};
      }
    }
    std::optional<Form> said;
    const Function* function = FindFunction(name);
    if (function == nullptr) {
      if (name.starts_with("pte_")) said = Form::kPte;
      if (name.starts_with("huge_pte_")) said = Form::kPte;
      if (name.starts_with("pmd_") || name.starts_with("__pmd_")) said = Form::kPmd;
      if (said.has_value()) function = FindFunction(name.substr(name.find('_', 2) + 1));
      if (name.starts_with("huge_pte_")) function = FindFunction(name.substr(9));
    }
    if (function == nullptr) {
      return ErrorAt(start, "expected a function that exists" + DidYouMean(name, FunctionNames()));
    }
    if (args->size() < function->min_args || args->size() > function->max_args) {
      return ErrorAt(
          start, absl::StrCat("expected ", function->min_args, " arguments, not ", args->size()));
    }
    Result value = function->apply(Call{arch_, said.value_or(FormOf(name, *args)), *args});
    if (!value.ok()) return ErrorAt(start, Message(value.status()));
    return value;
  }

  // Without a prefix the first argument decides, then the expression's own form.
  Form FormOf(std::string_view name, const std::vector<Value>& args) const {
    if (name.ends_with("_pmd") || name.starts_with("pmd_")) return Form::kPmd;
    if (!args.empty() && args[0].kind == ValueKind::kPmd) return Form::kPmd;
    if (!args.empty() && args[0].kind == ValueKind::kPte) return Form::kPte;
    return form_;
  }

  // An abbreviation sees the bindings at the place of its use, so a rebound PFN reaches it.
  Result Expand(const Abbreviation& abbreviation, const std::vector<Value>& args,
                std::size_t start) {
    std::vector<Binding> bindings = bindings_;
    std::string_view rest = abbreviation.parameters;
    std::size_t index = 0;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (index < args.size())
        bindings.push_back({std::string(rest.substr(0, comma)), args[index]});
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      ++index;
    }
    if (index != args.size()) {
      return ErrorAt(start, absl::StrCat("expected ", index, " arguments, not ", args.size()));
    }
    Result value = Parser(arch_, abbreviation.text, std::move(bindings), form_, depth_ + 1).Run();
    if (!value.ok()) return ErrorAt(start, "which stands for " + Message(value.status()));
    return value;
  }

  const Arch& arch_;
  std::string_view text_;
  std::vector<Binding> bindings_;
  Form form_;
  int depth_;
  std::size_t at_ = 0;
};

}  // namespace

absl::StatusOr<Value> ParseExpression(const Arch& arch, std::string_view text,
                                      std::vector<Binding> bindings) {
  return Parser(arch, text, std::move(bindings), Form::kPte, 0).Run();
}

}  // namespace uffdsim::eval_internal
