// PteEncode(): the way back from named fields to a word.

#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/arch/decode.h"

namespace uffdsim {
namespace {

absl::string_view Absl(std::string_view s) { return {s.data(), s.size()}; }

struct Token {
  std::string name;
  std::uint64_t value = 1;  // a bare name sets its field to 1
};

absl::StatusOr<std::uint64_t> ParseNumber(std::string_view name, std::string_view text) {
  std::uint64_t value = 0;
  const bool hex = text.starts_with("0x");
  const std::string_view digits = hex ? text.substr(2) : text;
  bool good = !digits.empty() && digits.size() <= (hex ? 16U : 19U);
  for (const char c : digits) {
    int digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (hex && c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (hex && c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    good = good && digit >= 0;
    if (!good) break;
    value = value * (hex ? 16 : 10) + static_cast<std::uint64_t>(digit);
  }
  if (!good) {
    return absl::InvalidArgumentError(absl::StrCat("field ", Absl(name), ": found \"", Absl(text),
                                                   "\", expected a decimal or 0x number"));
  }
  return value;
}

absl::StatusOr<std::vector<Token>> Tokens(std::string_view text) {
  std::vector<Token> tokens;
  while (!text.empty()) {
    const std::size_t start = text.find_first_not_of(" \t,");
    if (start == std::string_view::npos) break;
    text.remove_prefix(start);
    const std::string_view word = text.substr(0, text.find_first_of(" \t,"));
    text.remove_prefix(word.size());
    const std::size_t equals = word.find('=');
    Token token{std::string(word.substr(0, equals))};
    if (equals != std::string_view::npos) {
      const absl::StatusOr<std::uint64_t> value = ParseNumber(token.name, word.substr(equals + 1));
      if (!value.ok()) return value.status();
      token.value = *value;
    }
    tokens.push_back(token);
  }
  return tokens;
}

absl::Status Unknown(const Token& token, std::string_view expectation) {
  return absl::InvalidArgumentError(
      absl::StrCat("unknown field \"", token.name, "\", expected ", Absl(expectation)));
}

absl::Status DoesNotFit(const Token& token, unsigned bits) {
  return absl::InvalidArgumentError(
      absl::StrCat("field ", token.name, ": the value does not fit into ", bits, " bits"));
}

const FormLayout& FormOf(const Arch& arch, Form form) {
  return arch.layout().form[static_cast<std::size_t>(form)];
}

// Present words: flags first, because they decide in which polarity the frame is stored.
absl::StatusOr<Word> EncodeMapping(const Arch& arch, Form form, const std::vector<Token>& tokens) {
  Word flags = 0;
  std::uint64_t pfn = 0;
  bool has_frame = false;
  for (const Token& token : tokens) {
    if (token.name == "pfn") {
      pfn = token.value;
      has_frame = true;
      continue;
    }
    if (token.name == "other") {
      flags |= token.value;
      continue;
    }
    const Field* found = nullptr;
    for (const Field& field : arch.layout().fields[static_cast<std::size_t>(form)]) {
      if (field.name == token.name) found = &field;
    }
    if (found == nullptr) return Unknown(token, "pfn, other or a field that pte decode prints");
    const unsigned width = found->hi - found->lo + 1U;
    if (token.value > Bits(width - 1, 0)) return DoesNotFit(token, width);
    flags |= token.value << found->lo;
  }
  if (!has_frame) return flags;  // a page table's address has no frame field
  const FormLayout& layout = FormOf(arch, form);
  // A size mark among the low frame bits stands for the order-4 group.
  if ((flags & layout.pfn.napot) != 0) pfn |= Bit(3);
  Word address = pfn << layout.pfn.word_shift;
  if (layout.pfn.high_mask != 0) address |= address >> layout.pfn.high_shift;
  if (layout.invert != 0 && flags != 0 && (flags & layout.invert_unless) == 0) address = ~address;
  return flags | (address & (layout.pfn.mask | layout.pfn.high_mask));
}

std::optional<std::uint8_t> TypeOf(const Arch& arch, std::string_view kind) {
  const SwpTypes& t = arch.swp_types();
  for (unsigned type = t.max_swapfiles; type < 32; ++type) {
    const auto number = static_cast<std::uint8_t>(type);
    if (WordKindName(ClassifySoftleaf(arch, number)) == kind) return number;
  }
  return std::nullopt;
}

absl::StatusOr<Word> EncodeSoftleaf(const Arch& arch, Form form, SwpEntry entry,
                                    const std::vector<Token>& tokens) {
  const SwpCodec& codec = FormOf(arch, form).swp;
  Word flags = 0;
  Word other = 0;
  for (const Token& token : tokens) {
    if (token.name == "type") {
      if (token.value > 31) return DoesNotFit(token, 5);
      entry.type = static_cast<std::uint8_t>(token.value);
    } else if (token.name == "offset" || token.name == "pfn" || token.name == "offset_other") {
      entry.offset |= token.value;
    } else if (token.name == "young") {
      entry.offset |= Bit(arch.SwpPfnBits());
    } else if (token.name == "dirty") {
      entry.offset |= Bit(arch.SwpPfnBits() + 1U);
    } else if (token.name == "uffd_wp") {
      entry.offset |= kMarkerUffdWp;
    } else if (token.name == "poisoned") {
      entry.offset |= kMarkerPoisoned;
    } else if (token.name == "guard") {
      entry.offset |= kMarkerGuard;
    } else if (token.name == "uffd") {
      flags |= codec.uffd;
    } else if (token.name == "soft_dirty") {
      flags |= codec.soft_dirty;
    } else if (token.name == "exclusive") {
      flags |= form == Form::kPte ? codec.exclusive : 0;
    } else if (token.name == "other") {
      other |= token.value;
    } else {
      return Unknown(token,
                     "type, offset, pfn, young, dirty, a marker's name, uffd, soft_dirty, "
                     "exclusive or other");
    }
  }
  return (arch.SwpEncode(form, entry) ^ other) | flags;
}

}  // namespace

absl::StatusOr<Word> PteEncode(const Arch& arch, Form form, std::string_view text) {
  absl::StatusOr<std::vector<Token>> tokens = Tokens(text);
  if (!tokens.ok()) return tokens.status();
  if (tokens->empty()) return absl::InvalidArgumentError("expected a kind and its fields");
  const std::string kind = tokens->front().name;
  tokens->erase(tokens->begin());
  if (kind == "none") {
    Word word = arch.NoneWord(form);
    for (const Token& token : *tokens) {
      if (token.name != "other") return Unknown(token, "other");
      word ^= token.value;
    }
    return word;
  }
  if (kind == "present" || kind == "protnone" || kind == "table") {
    return EncodeMapping(arch, form, *tokens);
  }
  if (kind == "swap" || kind == "invalid") return EncodeSoftleaf(arch, form, {}, *tokens);
  if (const std::optional<std::uint8_t> type = TypeOf(arch, kind)) {
    return EncodeSoftleaf(arch, form, {*type, 0}, *tokens);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown kind \"", kind, "\" for ", Absl(arch.name()),
      ", expected none, table, present, protnone, swap, migration-read, "
      "migration-read-exclusive, migration-write, device-read, device-write, device-exclusive, "
      "hwpoison or marker"));
}

}  // namespace uffdsim
