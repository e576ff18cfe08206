#include <charconv>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "model/arch/catalogue.h"
#include "model/arch/decode.h"
#include "model/arch/eval.h"
#include "model/base/near_match.h"
#include "sim/cli/commands.h"

namespace uffdsim {
namespace {

absl::StatusOr<const Arch*> ArchNamed(const std::string& name) {
  const Arch* arch = FindArch(name);
  if (arch != nullptr) return arch;
  std::vector<std::string_view> known;
  for (const ArchFamily& family : ArchFamilies()) known.push_back(family.name);
  for (const Arch* configuration : AllArchs()) known.push_back(configuration->name());
  return absl::InvalidArgumentError(
      absl::StrCat("unknown architecture '", name, "'", DidYouMean(name, known)));
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
  return absl::InvalidArgumentError(absl::StrCat("pte: expected ", expected, ", found ",
                                                 command.operands.size(), " of them"));
}

absl::StatusOr<std::string> Answer(const PteCommand& command, const Arch& arch, Form form) {
  const bool json = command.shape == OutputShape::kJson;
  const std::string text = absl::StrJoin(command.operands, " ");
  switch (command.verb) {
    case PteVerb::kDecode: {
      const absl::Status status = CountOperands(command, 1, "one word");
      if (!status.ok()) return status;
      const absl::StatusOr<Word> word = ParseWord(command.operands[0]);
      if (!word.ok()) return word.status();
      return json ? PteDecodeJson(arch, form, *word) : PteDecode(arch, form, *word);
    }
    case PteVerb::kEncode: {
      const absl::StatusOr<Word> word = PteEncode(arch, form, text);
      if (!word.ok()) return word.status();
      return json ? PteDecodeJson(arch, form, *word)
                  : absl::StrFormat("0x%016x", static_cast<std::uint64_t>(*word));
    }
    case PteVerb::kDiff: {
      const absl::Status status = CountOperands(command, 2, "two words");
      if (!status.ok()) return status;
      const absl::StatusOr<Word> before = ParseWord(command.operands[0]);
      if (!before.ok()) return before.status();
      const absl::StatusOr<Word> after = ParseWord(command.operands[1]);
      if (!after.ok()) return after.status();
      return PteDiff(arch, form, *before, *after);
    }
    case PteVerb::kEval:
      return json ? PteEvalJson(arch, text) : PteEval(arch, text);
  }
  return std::string();
}

}  // namespace

absl::Status RunPteCommand(const PteCommand& command, std::ostream& out) {
  const absl::StatusOr<const Arch*> arch = ArchNamed(command.arch);
  if (!arch.ok()) return arch.status();
  const std::optional<Form> form = ParseForm(command.form);
  if (!form) {
    return absl::InvalidArgumentError(
        absl::StrCat("--form '", command.form, "': expected pte or pmd"));
  }
  const absl::StatusOr<std::string> answer = Answer(command, **arch, *form);
  if (!answer.ok()) return answer.status();
  out << *answer;
  if (answer->empty() || answer->back() != '\n') out << "\n";
  return absl::OkStatus();
}

}  // namespace uffdsim
