#include "model/arch/variant.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace uffdsim {
namespace {

absl::string_view Absl(std::string_view s) { return {s.data(), s.size()}; }

Word TestBits(const Test& test) { return test.any | test.mask1 | test.mask2; }

std::vector<unsigned> Positions(Word bits) {
  std::vector<unsigned> positions;
  for (unsigned n = 0; n < 64; ++n) {
    if ((bits & Bit(n)) != 0) positions.push_back(n);
  }
  return positions;
}

// Bits that decide what kind of entry a word is, in either form: a swap entry must leave them
// alone. A PMD word may be looked at by pte helpers too (hugetlb), so both forms count.
Word DiscriminatingBits(const Arch& arch) {
  Word bits = 0;
  for (std::size_t f = 0; f < 2; ++f) {
    const FormLayout& layout = arch.layout().form[f];
    bits |= TestBits(layout.present) | TestBits(layout.protnone);
    // The walker may look at more than validity (loongarch64's VALID is the young bit).
    const HwModel& hw = arch.layout().hw[f];
    bits |= TestBits(hw.valid) | TestBits(hw.dirty) | hw.young | hw.hidden;
    // What the empty test ignores would make an empty-looking entry.
    if (layout.none.value1 == 0) bits |= ~layout.none.mask1;
  }
  return bits | TestBits(arch.layout().pmd_leaf) | TestBits(arch.layout().trans_huge);
}

absl::StatusOr<unsigned> ParseBit(std::string_view text) {
  unsigned bit = 0;
  bool good = !text.empty() && text.size() <= 2;
  for (const char c : text) {
    good = good && c >= '0' && c <= '9';
    if (good) bit = bit * 10 + static_cast<unsigned>(c - '0');
  }
  if (!good || bit > 63) {
    return absl::InvalidArgumentError(
        absl::StrCat("what-if: found \"", Absl(text), "\", expected a bit number 0 to 63"));
  }
  return bit;
}

void AddMark(FormLayout& form, Word mark, Word swp_mark) {
  form.uffd = mark;
  form.mkuffd = form.wrprotect;
  form.mkuffd.set |= mark;
  form.modify.keep |= mark;
  form.modify.take &= ~mark;
  form.swp.uffd = swp_mark;
}

}  // namespace

std::vector<unsigned> SpareBits(const Arch& arch, Form form) {
  const auto f = static_cast<std::size_t>(form);
  Word used = arch.layout().form[f].pfn.mask | arch.layout().form[f].pfn.high_mask;
  used |= arch.layout().form[f].uffd;
  for (const Field& field : arch.layout().fields[f]) {
    if (field.use == FieldUse::kUsed) used |= Bits(field.hi, field.lo);
  }
  return Positions(~used);
}

std::vector<unsigned> SpareSwapBits(const Arch& arch, Form form) {
  const SwpCodec& c = arch.layout().form[static_cast<std::size_t>(form)].swp;
  return Positions(~((c.type_mask << c.type_shift) | (c.offset_mask << c.offset_shift) | c.set |
                     c.uffd | c.soft_dirty | c.exclusive | DiscriminatingBits(arch)));
}

absl::StatusOr<WhatIfUffd> ParseWhatIf(std::string_view text) {
  WhatIfUffd what_if;
  bool has_pte_bit = false;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(part.size() == text.size() ? part.size() : part.size() + 1);
    const std::size_t equals = part.find('=');
    const std::string_view key =
        equals == std::string_view::npos ? std::string_view("uffd-bit") : part.substr(0, equals);
    const absl::StatusOr<unsigned> bit =
        ParseBit(equals == std::string_view::npos ? part : part.substr(equals + 1));
    if (!bit.ok()) return bit.status();
    if (key == "uffd-bit") {
      what_if.pte_bit = *bit;
      has_pte_bit = true;
    } else if (key == "pmd-bit") {
      what_if.pmd_bit = *bit;
    } else if (key == "swp-bit") {
      what_if.swp_bit = *bit;
    } else {
      return absl::InvalidArgumentError(absl::StrCat("what-if: found \"", Absl(key),
                                                     "\", expected uffd-bit, pmd-bit or swp-bit"));
    }
  }
  if (!has_pte_bit) return absl::InvalidArgumentError("what-if: expected uffd-bit=N");
  return what_if;
}

absl::StatusOr<Arch> WithUffdBit(const Arch& arch, const WhatIfUffd& what_if) {
  const unsigned pmd_bit = what_if.pmd_bit.value_or(what_if.pte_bit);
  unsigned swp_bits[2];
  for (const Form form : {Form::kPte, Form::kPmd}) {
    const auto f = static_cast<std::size_t>(form);
    std::vector<unsigned> free = Positions(arch.layout().form[f].swp.uffd);
    if (free.empty()) free = SpareSwapBits(arch, form);
    if (!what_if.swp_bit.has_value() && free.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "what-if: ", Absl(arch.name()), " has no spare bit in swap entries, expected swp-bit=N"));
    }
    swp_bits[f] = what_if.swp_bit.has_value() ? *what_if.swp_bit : free.front();
  }
  if (what_if.pte_bit > 63 || pmd_bit > 63 || swp_bits[0] > 63) {
    return absl::InvalidArgumentError("what-if: expected bit numbers 0 to 63");
  }
  Layout layout = arch.layout();
  AddMark(layout.form[0], Bit(what_if.pte_bit), Bit(swp_bits[0]));
  AddMark(layout.form[1], Bit(pmd_bit), Bit(swp_bits[1]));
  const std::string suffix = absl::StrCat("+uffd", what_if.pte_bit);
  layout.name.Append(suffix);
  return Arch(layout);
}

Arch WithoutThp(const Arch& arch) {
  Layout layout = arch.layout();
  layout.has_thp = false;
  layout.name.Append("+nothp");
  return Arch(layout);
}

Arch WithoutCollisions(const Arch& arch) {
  if (arch.layout().without_collision == nullptr) return arch;
  Layout layout = arch.layout();
  layout.without_collision(layout);
  layout.without_collision = nullptr;
  layout.name.Append("+nocollision");
  return Arch(layout);
}

}  // namespace uffdsim
