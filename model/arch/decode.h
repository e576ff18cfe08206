// Words for people: what kind of entry a word is, its fields, its letters in scenario records, and
// back from fields to a word.
//
// Mirrors:  the order of tests in mm/memory.c (none, present, protnone, softleaf) and
//           include/linux/leafops.h (softleaf types).
// Rules:    PteEncode(PteDecode's fields) gives the word back. A frame number is written as the
// frame
//           it maps, whatever polarity it is stored in.
// Owned by: nothing; all functions are pure.
// Errors:   InvalidArgument names the field and what was expected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/arch/arch.h"

namespace uffdsim {

enum class WordKind : std::uint8_t {
  kNone,
  kTable,    // PMD only: points to a PTE table
  kPresent,  // accessible, or invalidated while it is rewritten
  kProtnone,
  kSwap,
  kMigrationRead,
  kMigrationReadExclusive,
  kMigrationWrite,
  kDeviceRead,
  kDeviceWrite,
  kDeviceExclusive,
  kHwPoison,
  kMarker,
  kInvalid,  // not present, and no swap type of this configuration
};

std::string_view WordKindName(WordKind kind);

// The kind that mm code finds: the first of none, present, softleaf that holds.
WordKind ClassifyWord(const Arch& arch, Form form, Word word);
// The kind a generic entry has by its type alone.
WordKind ClassifySoftleaf(const Arch& arch, std::uint8_t type);

// The `entry` string of scenario records, without the prefix for the level: "PWUADMX", "ANFMZ",
// "swap:MF", "migRX", "marker1", "hwpoison", "0".
std::string EntryLetters(const Arch& arch, Form form, Word word);

// One named part of a word with its value.
struct FieldValue {
  std::string name;
  std::uint64_t value;
};
// All non-zero parts, from the least significant; the frame or the swap entry comes first. Bits
// that belong to no field are gathered under "other".
std::vector<FieldValue> FieldsOf(const Arch& arch, Form form, Word word);

std::string PteDecode(const Arch& arch, Form form, Word word);
std::string PteDecodeJson(const Arch& arch, Form form, Word word);

// `text`: a kind and its fields, e.g. "present pfn=0x12345 present rw user accessed",
// "swap type=2 offset=0x1234 uffd", "migration-read pfn=0x12345 young", "marker guard", "none".
absl::StatusOr<Word> PteEncode(const Arch& arch, Form form, std::string_view text);

// The two words and the fields in which they differ.
std::string PteDiff(const Arch& arch, Form form, Word before, Word after);
std::string PteDiffJson(const Arch& arch, Form form, Word before, Word after);

// A hugetlb entry: the word in the table, and what pte helpers make of it.
std::string PteDecodeHugetlb(const Arch& arch, HugeSize size, Word raw);
std::string PteDecodeHugetlbJson(const Arch& arch, HugeSize size, Word raw);
// "contpte", "pmd", "contpmd", "pud"; nothing when the name is none of them.
std::optional<HugeSize> ParseHugeSize(std::string_view name);

// "pte", "pmd"; nothing when the name is neither.
std::optional<Form> ParseForm(std::string_view name);
std::string_view FormName(Form form);

}  // namespace uffdsim
