#include "sim/scenario/argument_reader.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/base/near_match.h"
#include "model/op/choices.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kMostProcesses = 64;

absl::string_view Abseil(std::string_view text) { return {text.data(), text.size()}; }

std::vector<std::string_view> NamesOf(std::span<const NamedBit> bits) {
  std::vector<std::string_view> names;
  for (const NamedBit& bit : bits) names.push_back(bit.name);
  return names;
}

bool IsPositional(const SyntaxParameter& parameter) {
  return parameter.form == SyntaxParameter::Form::kRequired ||
         parameter.form == SyntaxParameter::Form::kOptional;
}

// An optional place is a number, or `on` and `off`; other words there are keywords and flags.
bool FitsOptional(Role role, std::string_view text) {
  if (role == Role::kOnOff) return text == "on" || text == "off";
  if (role == Role::kUntil) return true;
  if (role == Role::kSteps && (text == "run" || text == "until")) return true;
  return ParseQuantity(text).has_value();
}

}  // namespace

bool ArgumentReader::Fail(int column, std::string_view message) {
  errors_->Add(line_.number, column, message);
  return false;
}

std::string ArgumentReader::Form() const {
  return absl::StrCat("expected: ", Abseil(syntax_.name), syntax_.arguments.empty() ? "" : " ",
                      Abseil(syntax_.arguments));
}

bool ArgumentReader::Wrong(const Token& token, std::string_view what) {
  return Fail(token.column, absl::StrCat("'", Abseil(Shown(token.text)), "' is not ", Abseil(what),
                                         "; ", Form()));
}

bool ArgumentReader::Read(std::size_t next, Statement* out) {
  const auto& tokens = line_.tokens;
  for (const SyntaxParameter& parameter : syntax_.parameters) {
    if (parameter.form == SyntaxParameter::Form::kRestOfLine) {
      if (next == tokens.size()) return Fail(line_.end_column, Form());
      const Token& last = tokens.back();
      const auto begin = static_cast<std::size_t>(tokens[next].column - 1);
      const auto end = static_cast<std::size_t>(last.column - 1) + last.text.size();
      out->text = std::string(line_.text.substr(begin, end - begin));
      out->Give(Role::kText);
      return true;
    }
    if (!IsPositional(parameter)) continue;
    const bool here = next < tokens.size();
    if (parameter.form == SyntaxParameter::Form::kOptional) {
      if (!here || !FitsOptional(parameter.role, tokens[next].text)) continue;
    } else if (!here) {
      return Fail(line_.end_column, absl::StrCat("missing ", Abseil(parameter.word), "; ", Form()));
    }
    if (!ReadValue(parameter, tokens[next++], out)) return false;
  }
  for (; next < tokens.size(); ++next) {
    if (!ReadWord(tokens[next], out)) return false;
  }
  if (syntax_.code == OpCode::k_step && (out->text == "until") != out->Has(Role::kUntil)) {
    return Fail(line_.end_column,
                absl::StrCat(out->text == "until" ? "missing PATH.STEP" : "PATH.STEP without until",
                             "; ", Form()));
  }
  // What is protected and what is resolved must be said, in one way or the other.
  const bool protects =
      syntax_.code == OpCode::k_rwprotect || syntax_.code == OpCode::k_writeprotect;
  if (protects && !out->Has(Role::kOnOff) && !out->Has(Role::kModeWord)) {
    return Fail(line_.end_column, absl::StrCat("missing on, off or mode=; ", Form()));
  }
  return true;
}

// A keyword, a flag or one of repeated names.
bool ArgumentReader::ReadWord(const Token& token, Statement* out) {
  const std::size_t equals = token.text.find('=');
  if (equals != std::string_view::npos) return ReadKeyword(token, equals, out);
  for (const SyntaxParameter& parameter : syntax_.parameters) {
    if (parameter.form == SyntaxParameter::Form::kFlag && parameter.word == token.text) {
      out->flags |= parameter.flag;
      return true;
    }
  }
  std::vector<std::string_view> words;
  for (const SyntaxParameter& parameter : syntax_.parameters) {
    if (parameter.form == SyntaxParameter::Form::kRepeated) return ReadValue(parameter, token, out);
    if (!IsPositional(parameter)) words.push_back(parameter.word);
  }
  return Fail(token.column, absl::StrCat("unexpected '", Abseil(Shown(token.text)), "'",
                                         DidYouMean(Shown(token.text), words), "; ", Form()));
}

bool ArgumentReader::ReadKeyword(const Token& token, std::size_t equals, Statement* out) {
  const std::string_view word = token.text.substr(0, equals);
  std::vector<std::string_view> words;
  for (const SyntaxParameter& parameter : syntax_.parameters) {
    if (parameter.form != SyntaxParameter::Form::kKeyword) continue;
    if (parameter.word != word) {
      words.push_back(parameter.word);
      continue;
    }
    if (out->Has(parameter.role)) {
      return Fail(token.column, absl::StrCat("'", Abseil(word), "=' is given twice"));
    }
    const Token value{token.text.substr(equals + 1), token.column + static_cast<int>(equals) + 1};
    return ReadValue(parameter, value, out);
  }
  return Fail(token.column, absl::StrCat("unknown '", Abseil(word), "='",
                                         DidYouMean(Shown(word), words), "; ", Form()));
}

bool ArgumentReader::ReadName(const Token& token, std::string_view what, std::string* out) {
  if (!IsName(token.text)) return Wrong(token, what);
  *out = std::string(token.text);
  return true;
}

bool ArgumentReader::ReadQuantity(const Token& token, Quantity* out) {
  const auto quantity = ParseQuantity(token.text);
  if (!quantity) return Wrong(token, "a number of pages (3, 3+17 or b4096)");
  *out = *quantity;
  return true;
}

bool ArgumentReader::ReadNumber(const Token& token, std::uint64_t most, std::uint64_t* out) {
  const auto number = ParseNumber(token.text);
  if (!number || *number > most) {
    return Wrong(
        token, most == ~std::uint64_t{0} ? "a number" : absl::StrCat("a number from 0 to ", most));
  }
  *out = *number;
  return true;
}

bool ArgumentReader::ReadSmall(const Token& token, std::uint64_t most, std::uint32_t* out) {
  std::uint64_t number = 0;
  if (!ReadNumber(token, most, &number)) return false;
  *out = static_cast<std::uint32_t>(number);
  return true;
}

bool ArgumentReader::ReadMask(const Token& token, std::span<const NamedBit> names,
                              std::uint64_t* out) {
  std::string_view unknown;
  const auto mask = ParseMask(names, token.text, &unknown);
  if (mask) {
    *out = *mask;
    return true;
  }
  const auto offset = static_cast<int>(unknown.data() - token.text.data());
  return Fail(token.column + offset,
              absl::StrCat("unknown word '", Abseil(Shown(unknown)), "'",
                           DidYouMean(Shown(unknown), NamesOf(names)), "; ", Form()));
}

bool ArgumentReader::ReadPlace(const Token& token, std::string* region, Quantity* offset) {
  const std::size_t colon = token.text.find(':');
  if (colon == std::string_view::npos) return Wrong(token, "a place (R:page)");
  const Token page{token.text.substr(colon + 1), token.column + static_cast<int>(colon) + 1};
  return ReadName({token.text.substr(0, colon), token.column}, "a region", region) &&
         ReadQuantity(page, offset);
}

bool ArgumentReader::ReadChoice(const Token& token, std::string_view set, std::string_view clear,
                                std::uint32_t bit, Statement* out) {
  if (token.text == set) {
    out->flags |= bit;
    return true;
  }
  if (token.text == clear) return true;
  return Wrong(token, absl::StrCat(Abseil(set), " or ", Abseil(clear)));
}

bool ArgumentReader::ReadNode(const Token& token, Statement* out) {
  if (token.text == "query") {
    out->flags |= kOpQuery;
    return true;
  }
  const auto node = ParseNumber(token.text);
  if (!node) return Wrong(token, "a node or `query`");
  out->number = *node;
  return true;
}

bool ArgumentReader::ReadSteps(const Token& token, Statement* out) {
  if (token.text == "run" || token.text == "until") {
    out->text = std::string(token.text);
    return true;
  }
  return ReadNumber(token, ~std::uint64_t{0}, &out->number);
}

// Which paths and steps there are is for whoever runs the scenario to say.
bool ArgumentReader::ReadStep(const Token& token, Statement* out) {
  const std::size_t dot = token.text.find('.');
  if (dot == 0 || dot == std::string_view::npos || dot + 1 == token.text.size()) {
    return Wrong(token, "a step (PATH.STEP)");
  }
  out->path = std::string(token.text);
  return true;
}

bool ArgumentReader::ReadPoint(const Token& token, Statement* out) {
  std::vector<std::string_view> points;
  for (const ChoiceRow& row : kChoices) {
    if (row.name == token.text) {
      out->text = std::string(token.text);
      return true;
    }
    points.push_back(row.name);
  }
  return Wrong(token, absl::StrCat("a choice", DidYouMean(Shown(token.text), points)));
}

bool ArgumentReader::ReadValue(const SyntaxParameter& parameter, const Token& token,
                               Statement* out) {
  out->Give(parameter.role);
  switch (parameter.role) {
    case Role::kRegion:
    case Role::kRegion2:
    case Role::kFile:
    case Role::kUffd:
    case Role::kPath:
    case Role::kText:
    case Role::kRegions:
    case Role::kThread:
    case Role::kUntil:
    case Role::kPoint:
    case Role::kSource: return ReadNameLike(parameter.role, token, out);
    case Role::kOffset: return ReadQuantity(token, &out->offset);
    case Role::kLength: return ReadQuantity(token, &out->length);
    case Role::kOffset2: return ReadQuantity(token, &out->offset2);
    case Role::kLength2: return ReadQuantity(token, &out->length2);
    case Role::kAt: return ReadQuantity(token, &out->at);
    case Role::kFileOffset: return ReadQuantity(token, &out->file_offset);
    case Role::kMapKind:
    case Role::kProt:
    case Role::kAdvice:
    case Role::kOnOff:
    case Role::kPunchAlloc:
    case Role::kSteps:
    case Role::kNodeOrQuery: return ReadKindLike(parameter.role, token, out);
    case Role::kFeatures:
    case Role::kDisable:
    case Role::kModes:
    case Role::kCategory:
    case Role::kInverted:
    case Role::kAnyof:
    case Role::kReturn:
    case Role::kScanFlags: return ReadMaskLike(parameter.role, token, out);
    case Role::kTarget:
    case Role::kObservedProcess:
    case Role::kPin:
    case Role::kByte:
    case Role::kApi:
    case Role::kModeWord:
    case Role::kNumber:
    case Role::kNumber2:
    case Role::kNumber3:
    case Role::kVec:
    case Role::kMax:
    case Role::kOrdinal:
    case Role::kSize: return ReadNumberLike(parameter.role, token, out);
    case Role::kFlag: break;
  }
  return false;
}

bool ArgumentReader::ReadNameLike(Role role, const Token& token, Statement* out) {
  if (role == Role::kRegion) return ReadName(token, "a region", &out->region);
  if (role == Role::kFile) return ReadName(token, "a file", &out->file);
  if (role == Role::kUffd) return ReadName(token, "a userfaultfd", &out->uffd);
  if (role == Role::kThread) return ReadName(token, "a thread", &out->thread);
  if (role == Role::kUntil) return ReadStep(token, out);
  if (role == Role::kPoint) return ReadPoint(token, out);
  if (role == Role::kSource) return ReadPlace(token, &out->region2, &out->offset2);
  if (role == Role::kRegion2) {
    if (token.text != "-" || syntax_.code != OpCode::k_mremap) {
      return ReadName(token, "a region", &out->region2);
    }
    out->region2 = "-";
    return true;
  }
  if (role == Role::kPath) {
    out->path = std::string(token.text);
    return true;
  }
  if (role == Role::kRegions) {
    out->regions.emplace_back();
    return ReadName(token, "a region", &out->regions.back());
  }
  static constexpr std::array<std::string_view, 3> kVerbs = {"run", "stop", "unmerge"};
  if (syntax_.code == OpCode::k_ksm &&
      std::find(kVerbs.begin(), kVerbs.end(), token.text) == kVerbs.end()) {
    return Wrong(token, "run, stop or unmerge");
  }
  out->text = std::string(token.text);
  return true;
}

bool ArgumentReader::ReadKindLike(Role role, const Token& token, Statement* out) {
  if (role == Role::kOnOff) return ReadChoice(token, "on", "off", kOpOn, out);
  if (role == Role::kPunchAlloc) return ReadChoice(token, "punch", "alloc", kOpPunch, out);
  if (role == Role::kNodeOrQuery) return ReadNode(token, out);
  if (role == Role::kSteps) return ReadSteps(token, out);
  if (role == Role::kProt) {
    const auto prot = FindProt(token.text);
    if (!prot) return Wrong(token, "a protection (none, r, rw, rwx)");
    out->prot = *prot;
    return true;
  }
  const bool advice = role == Role::kAdvice;
  const auto words = advice ? AdviceWords() : MapKindWords();
  if (advice) {
    const auto found = FindAdvice(token.text);
    if (found) out->advice = *found;
    if (found) return true;
  } else {
    const auto found = FindMapKind(token.text);
    if (found) out->map_kind = *found;
    if (found) return true;
  }
  return Wrong(token, absl::StrCat(advice ? "an advice" : "a kind of mapping",
                                   DidYouMean(Shown(token.text), words)));
}

bool ArgumentReader::ReadMaskLike(Role role, const Token& token, Statement* out) {
  if (role == Role::kFeatures) return ReadMask(token, FeatureBits(), &out->features);
  if (role == Role::kDisable) return ReadMask(token, FeatureBits(), &out->disable);
  if (role == Role::kModes) return ReadMask(token, ModeBits(), &out->mode);
  if (role == Role::kScanFlags) return ReadMask(token, ScanFlagBits(), &out->scan.flags);
  std::uint64_t* mask = role == Role::kCategory   ? &out->scan.category_mask
                        : role == Role::kInverted ? &out->scan.category_inverted
                        : role == Role::kAnyof    ? &out->scan.category_anyof_mask
                                                  : &out->scan.return_mask;
  return ReadMask(token, CategoryBits(), mask);
}

bool ArgumentReader::ReadNumberLike(Role role, const Token& token, Statement* out) {
  constexpr std::uint64_t kAny = ~std::uint64_t{0};
  if (role == Role::kTarget) return ReadSmall(token, kMostProcesses - 1, &out->target);
  if (role == Role::kObservedProcess) return ReadSmall(token, kMostProcesses - 1, &out->observed);
  if (role == Role::kPin) return ReadSmall(token, 0xffff, &out->pin);
  if (role == Role::kByte) return ReadNumber(token, 255, &out->number);
  if (role == Role::kApi) return ReadNumber(token, kAny, &out->api);
  if (role == Role::kVec) return ReadNumber(token, kAny, &out->scan.vec_len);
  if (role == Role::kMax) return ReadNumber(token, kAny, &out->scan.max_pages);
  if (role == Role::kSize) return ReadNumber(token, kAny, &out->scan.size);
  if (role == Role::kNumber) return ReadNumber(token, kAny, &out->number);
  if (role == Role::kOrdinal) {
    return token.text == "0" ? Wrong(token, "a number from 1 on")
                             : ReadNumber(token, kAny, &out->number);
  }
  if (role == Role::kNumber2) return ReadNumber(token, kAny, &out->number2);
  return ReadNumber(token, kAny, &out->mode);  // mode=, flags of mbind
}

}  // namespace uffdsim
