#include "sim/explore/simplify.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace uffdsim {
namespace {

std::optional<std::uint64_t> NumberOf(const std::string& word) {
  std::uint64_t value = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value);
  if (word.empty() || stop != end || error != std::errc{}) return std::nullopt;
  return value;
}

// A word as a prefix that stays (`category=`) and a value.
struct Split {
  std::string prefix;
  std::string value;
};

Split SplitWord(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos) return {"", word};
  return {word.substr(0, equals + 1), word.substr(equals + 1)};
}

// Words that stand for more than another one in their place does.
struct Plainer {
  const char* word;
  const char* plainer;
};
constexpr Plainer kPlainer[] = {
    {"shared", "shmem"},
    {"private", "anon"},
    {"hugeshared", "shmem"},
    {"hugeanon", "anon"},
    {"shmem", "anon"},
    {"kernel_read", "read"},
    {"kernel_write", "write"},
    {"gup_read", "read"},
    {"gup_write", "write"},
    {"proc_mem_read", "read"},
    {"proc_mem_write", "write"},
    {"add", "write"},
    {"POPULATE_WRITE", "POPULATE_READ"},
};

std::vector<std::string> SimplerValues(const std::string& value) {
  std::vector<std::string> simpler;
  if (const auto number = NumberOf(value)) {
    for (const std::uint64_t smaller :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, *number / 2, *number - 1}) {
      if (smaller < *number) simpler.push_back(absl::StrCat(smaller));
    }
    return simpler;
  }
  const std::vector<std::string> names = absl::StrSplit(value, ',');
  for (std::size_t i = 0; names.size() > 1 && i < names.size(); ++i) {
    std::vector<std::string> fewer = names;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    simpler.push_back(absl::StrJoin(fewer, ","));
  }
  for (const Plainer& row : kPlainer) {
    if (value == row.word) simpler.emplace_back(row.plainer);
  }
  return simpler;
}

std::uint64_t WeightOfValue(const std::string& value) {
  constexpr std::uint64_t kWord = 16;
  constexpr std::uint64_t kLinear = 64;
  if (const auto number = NumberOf(value)) {
    return kWord + (*number < kLinear ? *number : kLinear + std::bit_width(*number));
  }
  const auto names = static_cast<std::uint64_t>(std::count(value.begin(), value.end(), ',')) + 1;
  std::uint64_t weight = kWord * names;
  // Each step towards a plainer word counts.
  for (const Plainer& row : kPlainer) weight += value == row.word ? (value == "shmem" ? 1 : 2) : 0;
  return weight;
}

}  // namespace

std::vector<Words> SimplerForms(const Words& words) {
  std::vector<Words> forms;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with('#')) continue;  // who does it
    Words shorter = words;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    forms.push_back(std::move(shorter));
  }
  // A mapping of a file becomes one that needs no file.
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].rfind("mem=", 0) != 0) continue;
    for (const Plainer& row : kPlainer) {
      Words plain = words;
      plain.erase(plain.begin() + static_cast<std::ptrdiff_t>(i));
      std::replace(plain.begin(), plain.end(), std::string(row.word), std::string(row.plainer));
      if (plain.size() + 1 == words.size() && plain != words) forms.push_back(std::move(plain));
    }
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Split split = SplitWord(words[i]);
    for (const std::string& value : SimplerValues(split.value)) {
      Words simpler = words;
      simpler[i] = split.prefix + value;
      forms.push_back(std::move(simpler));
    }
  }
  return forms;
}

std::uint64_t WeightOf(const Words& words) {
  constexpr std::uint64_t kLine = 1000;
  std::uint64_t weight = kLine;
  for (const std::string& word : words) weight += WeightOfValue(SplitWord(word).value);
  return weight;
}

}  // namespace uffdsim
