#include "sim/conform/mutate.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "model/base/rng.h"
#include "sim/scenario/parse.h"

namespace uffdsim {
namespace {

using Words = std::vector<std::string>;
using Lines = std::vector<std::string>;

constexpr std::uint64_t kMostEdits = 16;
constexpr std::size_t kLongest = 90;  // lines
constexpr std::uint64_t kHugePages = 512;

// Words that stand for each other.
constexpr std::array kSets = {
    std::array<std::string_view, 4>{"r", "rw", "none", "rw"},
    std::array<std::string_view, 4>{"on", "off", "on", "off"},
    std::array<std::string_view, 4>{"rwp", "wp", "missing", "rwp,missing"},
    std::array<std::string_view, 4>{"DONTNEED", "PAGEOUT", "FREE", "COLD"},
    std::array<std::string_view, 4>{"GUARD_INSTALL", "GUARD_REMOVE", "DONTNEED", "PAGEOUT"},
    std::array<std::string_view, 4>{"HUGEPAGE", "COLLAPSE", "NOHUGEPAGE", "POPULATE_READ"},
    std::array<std::string_view, 4>{"POPULATE_READ", "POPULATE_WRITE", "MERGEABLE", "REMOVE"},
    std::array<std::string_view, 4>{"read", "gup_read", "kernel_read", "proc_mem_read"},
    std::array<std::string_view, 4>{"write", "gup_write", "kernel_write", "add"},
    std::array<std::string_view, 4>{"rwprotect", "writeprotect", "rwprotect", "writeprotect"},
    std::array<std::string_view, 4>{"anon", "shmem", "anon", "shmem"},
    std::array<std::string_view, 4>{"zeropage", "continue", "poison", "wake"},
};

bool IsNumber(std::string_view word) {
  return !word.empty() &&
         std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "R3", "U2", "M1": the letter of a name, 0 for other words.
char NameLetter(std::string_view word) {
  const bool name =
      word.size() > 1 && IsNumber(word.substr(1)) && word.front() >= 'A' && word.front() <= 'Z';
  return name ? word.front() : '\0';
}

bool Parses(const std::string& line) { return ParseScenario("", line).ok(); }

// What depends on the clock, or spoils frames for good, is left to scenarios written by hand.
bool Excluded(const std::string& line) {
  for (const char* word : {"spin", "sysfs", "sleep", "HWPOISON", "SOFT_OFFLINE"}) {
    if (line.find(word) != std::string::npos) return true;
  }
  return false;
}

class Editor {
 public:
  Editor(const std::vector<CorpusEntry>& corpus, std::size_t base, std::uint64_t seed)
      : corpus_(corpus), lines_(corpus[base].lines), rng_(seed) {
    std::erase_if(lines_, Excluded);
    LearnNames();
  }

  const Lines& Edit() {
    const std::uint64_t edits = 2 + rng_.Below(kMostEdits);
    for (std::uint64_t i = 0; i < edits && !lines_.empty(); ++i) EditOnce();
    if (lines_.size() > kLongest) lines_.resize(kLongest);
    if (lines_.empty() || lines_.back() != "observe raw") lines_.emplace_back("observe raw");
    return lines_;
  }

 private:
  std::size_t Any() { return rng_.Below(lines_.size()); }
  // Behind the set-up, where a line finds something to work on.
  std::size_t Later() {
    const std::size_t begin = std::min<std::size_t>(lines_.size(), 6);
    return begin + rng_.Below(lines_.size() + 1 - begin);
  }
  void Insert(std::size_t at, std::string line) {
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(at), std::move(line));
  }

  void EditOnce() {
    switch (rng_.Below(10)) {
      case 0: lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(Any())); return;
      case 1: Insert(Later(), std::string(lines_[Any()])); return;
      case 2: std::swap(lines_[Any()], lines_[Any()]); return;
      case 3: Insert(Later(), "observe raw"); return;
      case 4:
      case 5: Insert(Later(), Borrow()); return;
      default: Change(&lines_[Any()]); return;
    }
  }

  void LearnNames() {
    for (const std::string& line : lines_) {
      for (const auto word : absl::StrSplit(line, ' ')) {
        if (NameLetter({word.data(), word.size()}) != '\0') names_.emplace_back(word);
      }
    }
    std::sort(names_.begin(), names_.end());
    names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
  }

  // A line of another scenario, about this one's names.
  std::string Borrow() {
    for (int tries = 0; tries < 8; ++tries) {
      const Lines& other = corpus_[rng_.Below(corpus_.size())].lines;
      const std::string& line = other[rng_.Below(other.size())];
      if (Excluded(line)) continue;
      Words words = absl::StrSplit(line, ' ');
      for (std::string& word : words) word = Rename(word);
      std::string renamed = absl::StrJoin(words, " ");
      if (Parses(renamed)) return renamed;
    }
    return "observe raw";
  }

  std::string Rename(const std::string& word) {
    const char letter = NameLetter(word);
    if (letter == '\0') return word;
    Words same;
    for (const std::string& name : names_) {
      if (name.front() == letter) same.push_back(name);
    }
    return same.empty() ? word : same[rng_.Below(same.size())];
  }

  // A number, a name or a word of the line becomes another.
  void Change(std::string* line) {
    Words words = absl::StrSplit(*line, ' ');
    for (int tries = 0; tries < 6; ++tries) {
      Words changed = words;
      std::string& word = changed[rng_.Below(changed.size())];
      word = Other(word);
      const std::string text = absl::StrJoin(changed, " ");
      if (text == *line || !Parses(text)) continue;
      *line = text;
      return;
    }
  }

  std::string Other(const std::string& word) {
    if (IsNumber(word)) return OtherNumber(word);
    if (NameLetter(word) != '\0') return Rename(word);
    std::vector<std::string_view> choices;
    for (const auto& set : kSets) {
      if (std::find(set.begin(), set.end(), word) == set.end()) continue;
      choices.insert(choices.end(), set.begin(), set.end());
    }
    return choices.empty() ? word : std::string(choices[rng_.Below(choices.size())]);
  }

  std::string OtherNumber(const std::string& word) {
    const bool huge = word.size() >= 3 && word != "255";
    switch (rng_.Below(4)) {
      case 0: return absl::StrCat(rng_.Below(8));
      case 1: return absl::StrCat(1 + rng_.Below(16));
      case 2: return huge ? absl::StrCat(kHugePages * rng_.Below(3)) : absl::StrCat(rng_.Below(3));
      default: return huge ? absl::StrCat(kHugePages + rng_.Below(4)) : word;
    }
  }

  const std::vector<CorpusEntry>& corpus_;
  Lines lines_;
  Rng rng_;
  Words names_;
};

}  // namespace

Scenario Vary(const std::vector<CorpusEntry>& corpus, std::size_t base, std::uint64_t seed) {
  const std::string text = absl::StrJoin(Editor(corpus, base, seed).Edit(), "\n");
  auto scenario = ParseScenario(absl::StrCat(corpus[base].category, "-", seed), text + "\n");
  return scenario.ok() ? *std::move(scenario) : Scenario{};
}

}  // namespace uffdsim
