#include <charconv>
#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "model/arch/decode.h"
#include "model/arch/eval.h"
#include "model/base/near_match.h"
#include "sim/cli/arch_argument.h"
#include "sim/cli/commands.h"

namespace uffdsim {
namespace {

// Which helpers look at the word, and through which conversion when it is a hugetlb leaf.
struct EntryForm {
  Form form = Form::kPte;
  std::optional<HugeSize> huge;
};
constexpr std::string_view kHugetlb = "hugetlb-";
constexpr std::string_view kEntryForms[] = {
    "pte", "pmd", "hugetlb-contpte", "hugetlb-pmd", "hugetlb-contpmd", "hugetlb-pud"};

absl::StatusOr<EntryForm> EntryFormNamed(const Arch& arch, const std::string& name) {
  if (const std::optional<Form> form = ParseForm(name)) return EntryForm{*form, std::nullopt};
  std::optional<HugeSize> size;
  if (name.starts_with(kHugetlb)) size = ParseHugeSize(name.substr(kHugetlb.size()));
  if (name == "hugetlb") size = HugeSize::kPmd;
  if (!size) {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown form '", name, "'", DidYouMean(name, kEntryForms)));
  }
  if (arch.HugeOrder(*size) == 0) {
    return absl::InvalidArgumentError(absl::StrCat("form '", name, "': ", std::string(arch.name()),
                                                   " has no hugetlb leaf of this size"));
  }
  return EntryForm{Form::kPte, size};
}

// "0x8000000012345867" or decimal.
absl::StatusOr<Word> ParseWord(const std::string& text) {
  const bool hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  const char* const first = text.data() + (hex ? 2 : 0);
  const char* const last = text.data() + text.size();
  std::uint64_t value = 0;
  const auto [at, error] = std::from_chars(first, last, value, hex ? 16 : 10);
  if (error != std::errc() || at != last) {
    return absl::InvalidArgumentError(
        absl::StrCat("word '", text, "': expected 64 bits as 0x... or a decimal number"));
  }
  return Word{value};
}

absl::Status CountOperands(const PteCommand& command, std::size_t count, const char* expected) {
  if (command.operands.size() == count) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("pte: expected ", expected, ", found ", command.operands.size(), " of them"));
}

absl::StatusOr<std::string> Decode(const PteCommand& command, const Arch& arch,
                                   const EntryForm& form) {
  const absl::Status status = CountOperands(command, 1, "one word");
  if (!status.ok()) return status;
  const absl::StatusOr<Word> word = ParseWord(command.operands[0]);
  if (!word.ok()) return word.status();
  const bool json = command.shape == OutputShape::kJson;
  if (form.huge) {
    return json ? PteDecodeHugetlbJson(arch, *form.huge, *word)
                : PteDecodeHugetlb(arch, *form.huge, *word);
  }
  return json ? PteDecodeJson(arch, form.form, *word) : PteDecode(arch, form.form, *word);
}

absl::StatusOr<std::string> Encode(const PteCommand& command, const Arch& arch,
                                   const EntryForm& form) {
  const absl::StatusOr<Word> word =
      PteEncode(arch, form.form, absl::StrJoin(command.operands, " "));
  if (!word.ok()) return word.status();
  const Word stored = form.huge ? arch.HugetlbStore(*form.huge, *word) : *word;
  if (command.shape == OutputShape::kTable) {
    return absl::StrFormat("0x%016x", static_cast<std::uint64_t>(stored));
  }
  return form.huge ? PteDecodeHugetlbJson(arch, *form.huge, stored)
                   : PteDecodeJson(arch, form.form, stored);
}

// Of two hugetlb leaves, the difference that pte helpers see.
absl::StatusOr<std::string> Diff(const PteCommand& command, const Arch& arch,
                                 const EntryForm& form) {
  const absl::Status status = CountOperands(command, 2, "two words");
  if (!status.ok()) return status;
  Word words[2] = {};
  for (std::size_t i = 0; i < 2; ++i) {
    const absl::StatusOr<Word> word = ParseWord(command.operands[i]);
    if (!word.ok()) return word.status();
    words[i] = form.huge ? arch.HugetlbLoad(*form.huge, *word) : *word;
  }
  return command.shape == OutputShape::kJson ? PteDiffJson(arch, form.form, words[0], words[1])
                                             : PteDiff(arch, form.form, words[0], words[1]);
}

absl::StatusOr<std::string> Answer(const PteCommand& command, const Arch& arch,
                                   const EntryForm& form) {
  switch (command.verb) {
    case PteVerb::kDecode: return Decode(command, arch, form);
    case PteVerb::kEncode: return Encode(command, arch, form);
    case PteVerb::kDiff: return Diff(command, arch, form);
    case PteVerb::kEval: {
      const std::string text = absl::StrJoin(command.operands, " ");
      return command.shape == OutputShape::kJson ? PteEvalJson(arch, text) : PteEval(arch, text);
    }
  }
  return std::string();
}

}  // namespace

std::string EntryForms() {
  std::string names;
  for (const std::string_view name : kEntryForms) {
    names.append(names.empty() ? "" : ", ").append(name);
  }
  return names + "; hugetlb is hugetlb-pmd";
}

absl::Status RunPteCommand(const PteCommand& command, std::ostream& out) {
  const absl::StatusOr<Arch> arch = ArchNamed(command.arch, command.what_if);
  if (!arch.ok()) return arch.status();
  const absl::StatusOr<EntryForm> form = EntryFormNamed(*arch, command.form);
  if (!form.ok()) return form.status();
  const absl::StatusOr<std::string> answer = Answer(command, *arch, *form);
  if (!answer.ok()) return answer.status();
  out << *answer;
  if (answer->empty() || answer->back() != '\n') out << "\n";
  return absl::OkStatus();
}

}  // namespace uffdsim
