#include "sim/scenario/format.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/scenario/parse_expect.h"
#include "sim/scenario/syntax.h"
#include "sim/scenario/words.h"

namespace uffdsim {
namespace {

// Addresses and whole mode words read better in hexadecimal.
std::string NumberText(std::uint64_t number) {
  return number < 0x10000 ? absl::StrCat(number) : absl::StrFormat("0x%x", number);
}

std::string ModesText(std::uint64_t modes) {
  return modes == 0 ? "0" : MaskText(ModeBits(), modes);
}

std::string OnOffText(Role role, const Statement& s) {
  if (role == Role::kOnOff) return (s.flags & kOpOn) != 0 ? "on" : "off";
  if (role == Role::kPunchAlloc) return (s.flags & kOpPunch) != 0 ? "punch" : "alloc";
  return (s.flags & kOpQuery) != 0 ? "query" : NumberText(s.number);
}

std::string ValueText(Role role, const Statement& s) {
  switch (role) {
    case Role::kRegion: return s.region;
    case Role::kOffset: return FormatQuantity(s.offset);
    case Role::kLength: return FormatQuantity(s.length);
    case Role::kRegion2: return s.region2;
    case Role::kOffset2: return FormatQuantity(s.offset2);
    case Role::kLength2: return FormatQuantity(s.length2);
    case Role::kMapKind: return std::string(MapKindWord(s.map_kind));
    case Role::kProt: return ProtWord(s.prot);
    case Role::kFile: return s.file;
    case Role::kFileOffset: return FormatQuantity(s.file_offset);
    case Role::kAt: return FormatQuantity(s.at);
    case Role::kByte: return absl::StrCat(s.number);
    case Role::kAdvice: return std::string(AdviceWord(s.advice));
    case Role::kTarget: return absl::StrCat(s.target);
    case Role::kPin: return absl::StrCat(s.pin);
    case Role::kUffd: return s.uffd;
    case Role::kFeatures: return MaskText(FeatureBits(), s.features);
    case Role::kApi: return absl::StrFormat("0x%x", s.api);
    case Role::kModes: return ModesText(s.mode);
    case Role::kOnOff:
    case Role::kPunchAlloc:
    case Role::kNodeOrQuery: return OnOffText(role, s);
    case Role::kModeWord:
    case Role::kNumber3: return NumberText(s.mode);
    case Role::kDisable: return MaskText(FeatureBits(), s.disable);
    case Role::kSource: return absl::StrCat(s.region2, ":", FormatQuantity(s.offset2));
    case Role::kNumber: return NumberText(s.number);
    case Role::kNumber2: return NumberText(s.number2);
    case Role::kCategory: return MaskText(CategoryBits(), s.scan.category_mask);
    case Role::kInverted: return MaskText(CategoryBits(), s.scan.category_inverted);
    case Role::kAnyof: return MaskText(CategoryBits(), s.scan.category_anyof_mask);
    case Role::kReturn: return MaskText(CategoryBits(), s.scan.return_mask);
    case Role::kScanFlags: return MaskText(ScanFlagBits(), s.scan.flags);
    case Role::kVec: return NumberText(s.scan.vec_len);
    case Role::kMax: return NumberText(s.scan.max_pages);
    case Role::kSize: return NumberText(s.scan.size);
    case Role::kPath: return s.path;
    case Role::kText: return s.text;
    case Role::kRegions: return absl::StrJoin(s.regions, " ");
    case Role::kThread: return s.thread;
    case Role::kSteps: return s.text.empty() ? NumberText(s.number) : s.text;
    case Role::kUntil: return s.path;
    case Role::kPoint: return s.text;
    case Role::kOrdinal: return NumberText(s.number);
    case Role::kObservedProcess: return absl::StrCat(s.observed);
    case Role::kFlag: return "";
  }
  return "";
}

std::string FormatHeader(const Header& header) {
  const char* word = "";
  switch (header.kind) {
    case Header::Kind::kArch: word = "arch"; break;
    case Header::Kind::kProfile: word = "profile"; break;
    case Header::Kind::kDefect: word = "defect"; break;
    case Header::Kind::kHardware: word = "hardware"; break;
  }
  return absl::StrCat(word, " ", absl::StrJoin(header.names, " "));
}

std::string FormatBody(const Line& line) {
  switch (line.kind) {
    case Line::Kind::kBlank: return "";
    case Line::Kind::kHeader: return FormatHeader(line.header);
    case Line::Kind::kOperation: return FormatStatement(line.statement);
    case Line::Kind::kExpect: return FormatExpectation(line.expectation);
  }
  return "";
}

std::string ProcessPrefix(std::uint32_t process) {
  return process == 0 ? "" : absl::StrCat("@", process, " ");
}

}  // namespace

std::string FormatQuantity(const Quantity& quantity) {
  if (quantity.bytes == 0) return NumberText(quantity.pages);
  if (quantity.pages == 0) return absl::StrCat("b", NumberText(quantity.bytes));
  return absl::StrCat(NumberText(quantity.pages), "+", NumberText(quantity.bytes));
}

std::string FormatStatement(const Statement& statement) {
  const Syntax& syntax = SyntaxOf(statement.code);
  std::string text = ProcessPrefix(statement.process);
  if (!statement.thread.empty() && statement.code != OpCode::k_step) {
    absl::StrAppend(&text, "thread ", statement.thread, " ");
  }
  text.append(syntax.name);
  for (const SyntaxParameter& parameter : syntax.parameters) {
    if (parameter.form == SyntaxParameter::Form::kFlag) {
      if ((statement.flags & parameter.flag) == 0) continue;
      absl::StrAppend(&text, " ", std::string(parameter.word));
      continue;
    }
    if (!statement.Has(parameter.role)) continue;
    text += ' ';
    if (parameter.form == SyntaxParameter::Form::kKeyword) {
      text.append(parameter.word);
      text += '=';
    }
    text += ValueText(parameter.role, statement);
  }
  return text;
}

std::string FormatExpectation(const Expectation& expectation) {
  std::string text = ProcessPrefix(expectation.process);
  text += "expect";
  const auto add = [&text](std::string_view word) {
    if (word.empty()) return;
    text += ' ';
    text.append(word);
  };
  add(ExpectWord(expectation.kind));
  const bool page = expectation.kind == Expectation::Kind::kPage;
  if (page || expectation.kind == Expectation::Kind::kVma) {
    add(expectation.region);
    add(FormatQuantity(expectation.offset));
    if (page && expectation.length != Quantity{1, 0}) add(FormatQuantity(expectation.length));
  }
  for (const std::string& word : expectation.words) add(word);
  return text;
}

std::string FormatScenario(const Scenario& scenario) {
  std::string text;
  for (const Line& line : scenario.lines) {
    std::string body = FormatBody(line);
    if (line.has_comment) {
      if (!body.empty()) body += "  ";
      body += '#';
      body += line.comment;
    }
    text += body;
    text += '\n';
  }
  return text;
}

}  // namespace uffdsim
