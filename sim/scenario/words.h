// The words of the language that stand for kernel constants: features, modes, categories, advice.
//
// Mirrors: include/uapi/linux/userfaultfd.h, include/uapi/linux/fs.h (PAGEMAP_SCAN), mman-common.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/op/operation.h"

namespace uffdsim {

// A named bit of a mask.
struct NamedBit {
  std::string_view name;
  std::uint64_t bit;
};

std::span<const NamedBit> FeatureBits();   // UFFD_FEATURE_*
std::span<const NamedBit> ModeBits();      // UFFDIO_REGISTER_MODE_*
std::span<const NamedBit> CategoryBits();  // PAGE_IS_*, in the order of the letters below
std::span<const NamedBit> ScanFlagBits();  // PM_SCAN_*

inline constexpr std::string_view kCategoryLetters = "awfpszhdgA";
inline constexpr std::uint64_t kAllCategories = (1U << 10) - 1;

// "rwp,wp" or a number; `unknown` receives the word that is neither.
std::optional<std::uint64_t> ParseMask(std::span<const NamedBit> names, std::string_view text,
                                       std::string_view* unknown);
// Names in the order of the bits; a hexadecimal number when a bit has no name; "none" for 0.
std::string MaskText(std::span<const NamedBit> names, std::uint64_t mask);
// "---p---d-A"
std::string CategoryLetters(std::uint64_t categories);

std::string_view MapKindWord(MapKind kind);
std::string_view AdviceWord(Advice advice);
std::string ProtWord(std::uint8_t prot);
std::optional<Advice> FindAdvice(std::string_view word);
std::optional<std::uint8_t> FindProt(std::string_view word);
// `shared` and `private` are the file kinds.
std::optional<MapKind> FindMapKind(std::string_view word);

std::vector<std::string_view> AdviceWords();
std::vector<std::string_view> MapKindWords();

// Decimal or 0x..; nothing when it is not a number or does not fit.
std::optional<std::uint64_t> ParseNumber(std::string_view text);

}  // namespace uffdsim
