#include "sim/scenario/words.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "absl/strings/str_format.h"

namespace uffdsim {
namespace {

constexpr NamedBit kFeatures[] = {
    {"pagefault_flag_wp", 1U << 0},
    {"event_fork", 1U << 1},
    {"event_remap", 1U << 2},
    {"event_remove", 1U << 3},
    {"missing_hugetlbfs", 1U << 4},
    {"missing_shmem", 1U << 5},
    {"event_unmap", 1U << 6},
    {"sigbus", 1U << 7},
    {"thread_id", 1U << 8},
    {"minor_hugetlbfs", 1U << 9},
    {"minor_shmem", 1U << 10},
    {"exact_address", 1U << 11},
    {"wp_hugetlbfs_shmem", 1U << 12},
    {"wp_unpopulated", 1U << 13},
    {"poison", 1U << 14},
    {"wp_async", 1U << 15},
    {"move", 1U << 16},
    {"rwp", 1U << 17},
    {"rwp_async", 1U << 18},
};
constexpr NamedBit kModes[] = {{"missing", 1}, {"wp", 2}, {"minor", 4}, {"rwp", 8}};
constexpr NamedBit kCategories[] = {
    {"wpallowed", 1U << 0}, {"written", 1U << 1},  {"file", 1U << 2}, {"present", 1U << 3},
    {"swapped", 1U << 4},   {"pfnzero", 1U << 5},  {"huge", 1U << 6}, {"soft_dirty", 1U << 7},
    {"guard", 1U << 8},     {"accessed", 1U << 9},
};
constexpr NamedBit kScanFlags[] = {{"wp_matching", 1}, {"check_wpasync", 2}};

template <class Value>
struct Named {
  std::string_view word;
  Value value;
};

constexpr Named<MapKind> kMapKinds[] = {
    {"anon", MapKind::kAnon},         {"shmem", MapKind::kShmem},
    {"hugeanon", MapKind::kHugeAnon}, {"hugeshared", MapKind::kHugeShared},
    {"shared", MapKind::kFileShared}, {"private", MapKind::kFilePrivate},
    {"special", MapKind::kSpecial},
};
constexpr Named<Advice> kAdvices[] = {
    {"NORMAL", Advice::kNormal},
    {"RANDOM", Advice::kRandom},
    {"SEQUENTIAL", Advice::kSequential},
    {"WILLNEED", Advice::kWillneed},
    {"DONTNEED", Advice::kDontneed},
    {"DONTNEED_LOCKED", Advice::kDontneedLocked},
    {"FREE", Advice::kFree},
    {"REMOVE", Advice::kRemove},
    {"COLD", Advice::kCold},
    {"PAGEOUT", Advice::kPageout},
    {"COLLAPSE", Advice::kCollapse},
    {"HUGEPAGE", Advice::kHugepage},
    {"NOHUGEPAGE", Advice::kNohugepage},
    {"POPULATE_READ", Advice::kPopulateRead},
    {"POPULATE_WRITE", Advice::kPopulateWrite},
    {"GUARD_INSTALL", Advice::kGuardInstall},
    {"GUARD_REMOVE", Advice::kGuardRemove},
    {"MERGEABLE", Advice::kMergeable},
    {"UNMERGEABLE", Advice::kUnmergeable},
    {"DONTFORK", Advice::kDontfork},
    {"DOFORK", Advice::kDofork},
    {"WIPEONFORK", Advice::kWipeonfork},
    {"KEEPONFORK", Advice::kKeeponfork},
    {"HWPOISON", Advice::kHwpoison},
    {"SOFT_OFFLINE", Advice::kSoftOffline},
    {"DONTDUMP", Advice::kDontdump},
    {"DODUMP", Advice::kDodump},
};
template <class Value, std::size_t N>
std::optional<Value> Find(const Named<Value> (&rows)[N], std::string_view word) {
  for (const auto& row : rows) {
    if (row.word == word) return row.value;
  }
  return std::nullopt;
}

template <class Value, std::size_t N>
std::string_view WordOf(const Named<Value> (&rows)[N], Value value) {
  for (const auto& row : rows) {
    if (row.value == value) return row.word;
  }
  return "?";
}

template <class Value, std::size_t N>
std::vector<std::string_view> WordsOf(const Named<Value> (&rows)[N]) {
  std::vector<std::string_view> words;
  for (const auto& row : rows) words.push_back(row.word);
  return words;
}

}  // namespace

std::span<const NamedBit> FeatureBits() { return kFeatures; }
std::span<const NamedBit> ModeBits() { return kModes; }
std::span<const NamedBit> CategoryBits() { return kCategories; }
std::span<const NamedBit> ScanFlagBits() { return kScanFlags; }

std::optional<std::uint64_t> ParseMask(std::span<const NamedBit> names, std::string_view text,
                                       std::string_view* unknown) {
  std::uint64_t mask = 0;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    const auto named = std::find_if(names.begin(), names.end(),
                                    [&](const NamedBit& row) { return row.name == word; });
    if (named != names.end()) {
      mask |= named->bit;
    } else if (const auto number = ParseNumber(word)) {
      mask |= *number;
    } else if (word == "all" && names.data() == kCategories) {
      mask |= kAllCategories;
    } else if (word != "none") {
      *unknown = word;
      return std::nullopt;
    }
    if (comma == std::string_view::npos) return mask;
    text = text.substr(comma + 1);
  }
}

std::string MaskText(std::span<const NamedBit> names, std::uint64_t mask) {
  if (mask == 0) return "none";
  if (names.data() == kCategories && mask == kAllCategories) return "all";
  std::string text;
  std::uint64_t left = mask;
  for (const NamedBit& row : names) {
    if ((mask & row.bit) == 0) continue;
    if (!text.empty()) text += ',';
    text += row.name;
    left &= ~row.bit;
  }
  return left == 0 ? text : absl::StrFormat("0x%x", mask);
}

std::string CategoryLetters(std::uint64_t categories) {
  std::string letters(kCategoryLetters.size(), '-');
  for (std::size_t bit = 0; bit < letters.size(); ++bit) {
    if ((categories >> bit & 1U) != 0) letters[bit] = kCategoryLetters[bit];
  }
  return letters;
}

std::string_view MapKindWord(MapKind kind) { return WordOf(kMapKinds, kind); }
std::string_view AdviceWord(Advice advice) { return WordOf(kAdvices, advice); }

std::string ProtWord(std::uint8_t prot) {
  if (prot == 0) return "none";
  std::string word;
  if ((prot & kProtRead) != 0) word += 'r';
  if ((prot & kProtWrite) != 0) word += 'w';
  if ((prot & kProtExec) != 0) word += 'x';
  return word;
}

std::optional<Advice> FindAdvice(std::string_view word) { return Find(kAdvices, word); }
std::optional<MapKind> FindMapKind(std::string_view word) { return Find(kMapKinds, word); }

std::optional<std::uint8_t> FindProt(std::string_view word) {
  for (std::uint8_t prot = 0; prot < 8; ++prot) {
    if (ProtWord(prot) == word) return prot;
  }
  return std::nullopt;
}

std::vector<std::string_view> AdviceWords() { return WordsOf(kAdvices); }
std::vector<std::string_view> MapKindWords() { return WordsOf(kMapKinds); }

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  const bool hex = text.size() > 2 && text.substr(0, 2) == "0x";
  if (hex) text.remove_prefix(2);
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, hex ? 16 : 10);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace uffdsim
