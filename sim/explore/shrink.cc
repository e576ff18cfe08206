#include "sim/explore/shrink.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sim/explore/failure.h"
#include "sim/explore/simplify.h"
#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"

namespace uffdsim {
namespace {

using Lines = std::vector<Words>;

// Lines of pairs are tried where there are so few that it costs little.
constexpr std::size_t kMostLinesForPairs = 40;

class Shrinker {
 public:
  Shrinker(const Scenario& failing, const StillFails& fails, const ShrinkOptions& options)
      : fails_(fails), options_(options), best_(failing) {
    for (const Line& line : failing.lines) {
      if (line.kind == Line::Kind::kHeader) {
        Scenario one;
        one.lines.push_back(line);
        header_ += FormatScenario(one);
      } else if (line.kind == Line::Kind::kOperation) {
        lines_.push_back(absl::StrSplit(FormatStatement(line.statement), ' '));
        if (const std::string actor = NamedActor(line); !actor.empty()) {
          lines_.back().push_back("# " + actor);
        }
      } else if (line.kind == Line::Kind::kExpect) {
        lines_.push_back(absl::StrSplit(FormatExpectation(line.expectation), ' '));
      }
    }
    name_ = failing.name;
    expectations_ = ExpectationsOf(lines_);
  }

  Shrunk Run() {
    if (!Try(lines_, Accept::kAlways)) return {best_, runs_};
    for (bool again = true; again && runs_ < options_.most_runs;) {
      again = RemoveChunks();
      again = RemoveByWord() || again;
      again = MergeNames() || again;
      again = RemovePairs() || again;
      again = SimplifyLines() || again;
      again = SimplifyTogether() || again;
    }
    RenameAll();
    return {best_, runs_};
  }

 private:
  enum class Accept : std::uint8_t { kAlways, kLighter };

  static std::uint64_t WeightOfAll(const Lines& lines) {
    std::uint64_t weight = 0;
    for (const Words& words : lines) weight += WeightOf(words);
    return weight;
  }

  static Lines ExpectationsOf(const Lines& lines) {
    Lines expectations;
    for (const Words& words : lines) {
      if (std::find(words.begin(), words.end(), "expect") != words.end()) {
        expectations.push_back(words);
      }
    }
    return expectations;
  }

  // Takes the candidate if it is lighter and still fails.
  bool Try(const Lines& candidate, Accept accept = Accept::kLighter) {
    if (runs_ >= options_.most_runs) return false;
    if (accept == Accept::kLighter && (WeightOfAll(candidate) >= WeightOfAll(lines_) ||
                                       ExpectationsOf(candidate) != expectations_)) {
      return false;
    }
    std::string text = header_;
    for (const Words& words : candidate) text += absl::StrJoin(words, " ") + "\n";
    if (!tried_.insert(text).second) return false;
    auto scenario = ParseScenario(name_, text);
    if (!scenario.ok()) return false;
    ++runs_;
    if (!fails_(*scenario)) return false;
    best_ = *std::move(scenario);
    lines_ = candidate;
    return true;
  }

  static Lines Without(const Lines& lines, std::size_t first, std::size_t count) {
    Lines fewer(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(first));
    fewer.insert(fewer.end(), lines.begin() + static_cast<std::ptrdiff_t>(first + count),
                 lines.end());
    return fewer;
  }

  // Half of the lines, a quarter, .. one line; from the end, where what comes after the failure is.
  bool RemoveChunks() {
    bool removed = false;
    for (std::size_t size = std::max<std::size_t>(lines_.size() / 2, 1); size > 0; size /= 2) {
      for (std::size_t end = lines_.size(); end >= size;) {
        if (Try(Without(lines_, end - size, size))) {
          removed = true;
          end = std::min(end - size, lines_.size());
        } else {
          end -= std::min(end, size);
        }
        if (end == 0) break;
      }
    }
    return removed;
  }

  // Whatever mentions a name goes with it: a region with its mapping, registration and accesses.
  bool RemoveByWord() {
    bool removed = false;
    std::set<std::string> words;
    for (const Words& line : lines_) words.insert(line.begin(), line.end());
    for (const std::string& word : words) {
      Lines fewer;
      for (const Words& line : lines_) {
        if (std::find(line.begin(), line.end(), word) == line.end()) fewer.push_back(line);
      }
      removed = Try(fewer) || removed;
    }
    return removed;
  }

  // Names start with a capital and end with a number, or are processes.
  static bool IsName(const std::string& word) {
    return !word.empty() && (absl::ascii_isupper(static_cast<unsigned char>(word[0])) != 0) &&
           absl::ascii_isdigit(static_cast<unsigned char>(word.back())) != 0;
  }

  static Lines Replaced(const Lines& lines, const std::string& from, const std::string& to) {
    Lines replaced = lines;
    for (Words& line : replaced) {
      for (std::string& word : line) {
        if (word == from) word = to;
        if (word == "mem=" + from) word = "mem=" + to;
        if (word.rfind("src=" + from + ":", 0) == 0) word.replace(4, from.size(), to);
      }
    }
    return replaced;
  }

  // Two regions become one: the second one's lines are lines of the first, without its mapping.
  bool MergeNames() {
    bool merged = false;
    for (const auto& [from, first_line] : NamesInOrder()) {
      for (const auto& [to, unused] : NamesInOrder()) {
        if (from == to || from[0] != to[0] || first_line >= lines_.size()) continue;
        if (Try(Without(Replaced(lines_, from, to), first_line, 1))) {
          merged = true;
          break;
        }
      }
    }
    return merged;
  }

  bool RemovePairs() {
    bool removed = false;
    for (std::size_t i = 0; lines_.size() <= kMostLinesForPairs && i < lines_.size(); ++i) {
      for (std::size_t j = i + 1; j < lines_.size(); ++j) {
        if (Try(Without(Without(lines_, j, 1), i, 1))) {
          removed = true;
          j = i;
        }
      }
    }
    return removed;
  }

  bool SimplifyLines() {
    bool simplified = false;
    for (std::size_t i = lines_.size(); i-- > 0;) {
      for (bool again = true; again;) {
        again = false;
        for (const Words& form : SimplerForms(lines_[i])) {
          Lines candidate = lines_;
          candidate[i] = form;
          if (!Try(candidate)) continue;
          simplified = again = true;
          break;
        }
      }
    }
    return simplified;
  }

  // The same number everywhere: a page and the operations on it move to a lower place together.
  bool SimplifyTogether() {
    bool simplified = false;
    std::set<std::string> words;
    for (const Words& line : lines_) words.insert(line.begin(), line.end());
    for (const std::string& word : words) {
      for (const Words& form : SimplerForms({word})) {
        if (form.empty()) continue;
        Lines candidate = lines_;
        for (Words& line : candidate) std::replace(line.begin(), line.end(), word, form[0]);
        if (!Try(candidate)) continue;
        simplified = true;
        break;
      }
    }
    return simplified;
  }

  // (name, line where it appears first), in the order of the lines.
  std::vector<std::pair<std::string, std::size_t>> NamesInOrder() const {
    std::vector<std::pair<std::string, std::size_t>> names;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      for (const std::string& word : lines_[i]) {
        const bool known = std::any_of(names.begin(), names.end(),
                                       [&](const auto& name) { return name.first == word; });
        if (IsName(word) && !known) names.emplace_back(word, i);
      }
    }
    return names;
  }

  // R3, U2, M7 become A, U and F: names as somebody would have given them.
  void RenameAll() {
    Lines renamed = lines_;
    std::map<char, int> used;
    for (const auto& [name, unused] : NamesInOrder()) {
      const int number = used[name[0]]++;
      std::string fresh;
      if (name[0] == 'R') {
        constexpr int kLetters = 5;
        fresh = number < kLetters ? std::string(1, static_cast<char>('A' + number))
                                  : "A" + std::to_string(number);
      } else {
        fresh = std::string(1, name[0] == 'M' ? 'F' : name[0]);
        if (number != 0 || name[0] == 'T') fresh += std::to_string(number + 1);
      }
      renamed = Replaced(renamed, name, "\n" + fresh);
    }
    for (Words& line : renamed) {
      for (std::string& word : line) std::erase(word, '\n');
    }
    Try(renamed, Accept::kAlways);
  }

  const StillFails& fails_;
  ShrinkOptions options_;
  Scenario best_;
  std::string name_;
  std::string header_;
  Lines lines_;
  Lines expectations_;
  std::set<std::string> tried_;
  std::uint64_t runs_ = 0;
};

}  // namespace

Shrunk Shrink(const Scenario& failing, const StillFails& fails, const ShrinkOptions& options) {
  return Shrinker(failing, fails, options).Run();
}

}  // namespace uffdsim
