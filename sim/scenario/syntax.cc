#include "sim/scenario/syntax.h"

#include <cstddef>
#include <iterator>
#include <string>

#include "model/base/check.h"

namespace uffdsim {
namespace {

struct Placeholder {
  std::string_view word;
  Role role;
};

// What the words in the rows of syntax.def stand for.
constexpr Placeholder kPlaceholders[] = {
    {"R", Role::kRegion},
    {"off", Role::kOffset},
    {"n", Role::kLength},
    {"newn", Role::kLength2},
    {"DST", Role::kRegion2},
    {"dstoff", Role::kOffset2},
    {"SRC", Role::kRegion2},
    {"srcoff", Role::kOffset2},
    {"KIND", Role::kMapKind},
    {"PROT", Role::kProt},
    {"M", Role::kFile},
    {"foff", Role::kFileOffset},
    {"at", Role::kAt},
    {"val", Role::kByte},
    {"ADVICE", Role::kAdvice},
    {"P", Role::kTarget},
    {"K", Role::kPin},
    {"U", Role::kUffd},
    {"FEATURES", Role::kFeatures},
    {"API", Role::kApi},
    {"MODES", Role::kModes},
    {"on|off", Role::kOnOff},
    {"MODE", Role::kModeWord},
    {"DISABLE", Role::kDisable},
    {"R2:off", Role::kSource},
    {"punch|alloc", Role::kPunchAlloc},
    {"NODE|query", Role::kNodeOrQuery},
    {"N", Role::kNumber},
    {"POLICY", Role::kNumber},
    {"NODEMASK", Role::kNumber2},
    {"FLAGS", Role::kNumber3},
    {"CATEGORIES", Role::kCategory},
    {"INVERTED", Role::kInverted},
    {"ANYOF", Role::kAnyof},
    {"RETURN", Role::kReturn},
    {"SCANFLAGS", Role::kScanFlags},
    {"VEC", Role::kVec},
    {"MAX", Role::kMax},
    {"SIZE", Role::kSize},
    {"PATH", Role::kPath},
    {"VALUE", Role::kText},
    {"VERB", Role::kText},
    {"TEXT", Role::kText},
    {"R..", Role::kRegions},
    {"PROCESS", Role::kObservedProcess},
    {"T", Role::kThread},
    {"STEPS|run|until", Role::kSteps},
    {"PATH.STEP", Role::kUntil},
    {"POINT", Role::kPoint},
    {"NTH", Role::kOrdinal},
};

struct Flag {
  std::string_view word;
  std::uint32_t bit;
};

constexpr Flag kFlags[] = {
    {"noreserve", kOpNoreserve},
    {"populate", kOpPopulate},
    {"locked", kOpLocked},
    {"hugetlb", kOpHugetlb},
    {"gigantic", kOpGigantic},
    {"ramfs", kOpRamfs},
    {"guest_memfd", kOpGuestMemfd},
    {"onfault", kOpOnfault},
    {"dontunmap", kOpDontunmap},
    {"dontwake", kOpDontwake},
    {"wp", kOpWp},
    {"holes", kOpHoles},
    {"user_mode_only", kOpUserModeOnly},
    {"all", kOpAll},
    {"raw", kOpRaw},
    {"pmd", kOpPmd},
};

Role RoleOf(std::string_view placeholder) {
  for (const Placeholder& row : kPlaceholders) {
    if (row.word == placeholder) return row.role;
  }
  const bool syntax_def_uses_known_placeholders = false;
  UFFDSIM_CHECK(syntax_def_uses_known_placeholders);
  return Role::kFlag;
}

SyntaxParameter OptionalParameter(std::string_view inside) {
  if (const std::size_t equals = inside.find('='); equals != std::string_view::npos) {
    return {SyntaxParameter::Form::kKeyword, RoleOf(inside.substr(equals + 1)),
            inside.substr(0, equals), 0};
  }
  for (const Flag& row : kFlags) {
    if (row.word == inside) return {SyntaxParameter::Form::kFlag, Role::kFlag, inside, row.bit};
  }
  const Role role = RoleOf(inside);
  const auto form =
      role == Role::kRegions ? SyntaxParameter::Form::kRepeated : SyntaxParameter::Form::kOptional;
  return {form, role, inside, 0};
}

SyntaxParameter ParameterOf(std::string_view token) {
  if (token.front() == '[') return OptionalParameter(token.substr(1, token.size() - 2));
  const auto form =
      token == "TEXT" ? SyntaxParameter::Form::kRestOfLine : SyntaxParameter::Form::kRequired;
  return {form, RoleOf(token), token, 0};
}

std::vector<SyntaxParameter> Compile(std::string_view arguments) {
  std::vector<SyntaxParameter> parameters;
  while (!arguments.empty()) {
    const std::size_t space = arguments.find(' ');
    parameters.push_back(ParameterOf(arguments.substr(0, space)));
    arguments = space == std::string_view::npos ? "" : arguments.substr(space + 1);
  }
  return parameters;
}

struct Operation {
  OpCode code;
  std::string_view name;
};
constexpr Operation kOperations[] = {
#define OPERATION(name, sentence) {OpCode::k_##name, #name},
#include "model/op/operations.def"
#undef OPERATION
};

struct Arguments {
  OpCode code;
  std::string_view text;
  std::uint32_t answers;
};
constexpr Arguments kArguments[] = {
#define SYNTAX(name, arguments, answers) {OpCode::k_##name, arguments, answers},
#include "sim/scenario/syntax.def"
#undef SYNTAX
};

// operations.def gives the order, syntax.def the forms: one without the other does not pass here.
static_assert(std::size(kOperations) == std::size(kArguments));

std::vector<Syntax> CompileAll() {
  std::vector<Syntax> all;
  for (const Operation& row : kOperations) all.push_back({row.code, row.name, "", 0, {}});
  for (const Arguments& row : kArguments) {
    Syntax& syntax = all[static_cast<std::size_t>(row.code)];
    UFFDSIM_CHECK(syntax.parameters.empty());
    syntax.arguments = row.text;
    syntax.answers = row.answers;
    syntax.parameters = Compile(row.text);
  }
  return all;
}

}  // namespace

std::span<const Syntax> AllSyntax() {
  static const std::vector<Syntax> kAll = CompileAll();
  return kAll;
}

const Syntax& SyntaxOf(OpCode code) { return AllSyntax()[static_cast<std::size_t>(code)]; }

const Syntax* FindSyntax(std::string_view operation) {
  for (const Syntax& syntax : AllSyntax()) {
    if (syntax.name == operation) return &syntax;
  }
  return nullptr;
}

std::string_view OpName(OpCode code) { return SyntaxOf(code).name; }

}  // namespace uffdsim
