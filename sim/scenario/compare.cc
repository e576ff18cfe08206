#include "sim/scenario/compare.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"

namespace uffdsim {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestValue = 160;
constexpr std::string_view kIgnoredEntryLetters = "UGSTCX";
constexpr std::string_view kIgnoredFrameLetters = "BVC";

std::string Short(const json& value) {
  std::string text = value.dump();
  if (text.size() > kLongestValue) text = text.substr(0, kLongestValue) + "..";
  return text;
}

std::string Without(std::string_view text, std::string_view letters) {
  std::string kept;
  for (const char c : text) {
    if (letters.find(c) == std::string_view::npos) kept += c;
  }
  return kept;
}

// An entry's letters, comparable part. Words in lower case ("swap:MF", "migR") and digits are kept.
std::string EntryKey(const std::string& entry, Young young) {
  std::size_t prefix = 0;
  while (prefix < entry.size() && (entry[prefix] == 'M' || entry[prefix] == 'G')) ++prefix;
  const std::string_view rest = std::string_view(entry).substr(prefix);
  const bool letters = !rest.empty() && rest.front() >= 'A' && rest.front() <= 'Z';
  if (!letters) return entry;
  std::string ignored(kIgnoredEntryLetters);
  if (young == Young::kReclaimLooked) ignored += 'A';
  return absl::StrCat(entry.substr(0, prefix), Without(rest, ignored));
}

class Comparer {
 public:
  explicit Comparer(Young young) : young_(young) {}

  void Compare(const std::string& path, const json& recorded, const json& model);
  std::vector<std::string> Take() { return std::move(differences_); }

 private:
  void Differ(const std::string& path, const json* recorded, const json* model) {
    differences_.push_back(absl::StrCat(path, ": recorded ",
                                        recorded == nullptr ? "nothing" : Short(*recorded),
                                        ", model ", model == nullptr ? "nothing" : Short(*model)));
  }
  void CompareObjects(const std::string& path, const json& recorded, const json& model);
  void CompareArrays(const std::string& path, const json& recorded, const json& model);
  void ComparePages(const std::string& path, const json& recorded, const json& model);
  std::string PageKey(const json& run, const std::string& field) const;

  Young young_;
  std::vector<std::string> differences_;
};

std::string Join(const std::string& path, const std::string& key) {
  return path.empty() ? key : absl::StrCat(path, ".", key);
}

void Comparer::Compare(const std::string& path, const json& recorded, const json& model) {
  if (recorded.is_object() && model.is_object()) {
    CompareObjects(path, recorded, model);
  } else if (recorded.is_array() && model.is_array()) {
    CompareArrays(path, recorded, model);
  } else if (recorded != model) {
    Differ(path, &recorded, &model);
  }
}

void Comparer::CompareObjects(const std::string& path, const json& recorded, const json& model) {
  for (const auto& [key, value] : recorded.items()) {
    const auto other = model.find(key);
    if (other == model.end()) {
      Differ(Join(path, key), &value, nullptr);
    } else if (key == "pages" && value.is_array()) {
      ComparePages(path, value, *other);
    } else {
      Compare(Join(path, key), value, *other);
    }
  }
  for (const auto& [key, value] : model.items()) {
    if (!recorded.contains(key)) Differ(Join(path, key), nullptr, &value);
  }
}

// Elements of the same place; "processes" and "resumed" are named by what they are.
void Comparer::CompareArrays(const std::string& path, const json& recorded, const json& model) {
  if (recorded.size() != model.size()) return Differ(path, &recorded, &model);
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    std::string place = absl::StrCat(path, "[", i, "]");
    if (path == "processes") {
      place = absl::StrCat("@", recorded[i].value("process", 0));
    } else if (!recorded[i].is_object() && recorded != model) {
      return Differ(path, &recorded, &model);
    }
    Compare(place, recorded[i], model[i]);
  }
}

std::string Comparer::PageKey(const json& run, const std::string& field) const {
  const auto value = run.find(field);
  if (value == run.end()) return "nothing";
  if (!value->is_string()) return value->dump();
  std::string text = value->get<std::string>();
  if (field == "entry") return EntryKey(text, young_);
  if (field == "frame") return Without(text, kIgnoredFrameLetters);
  return text;
}

// Runs of pages, field by field, one report per stretch of equal differences.
void Comparer::ComparePages(const std::string& path, const json& recorded, const json& model) {
  const auto expand = [](const json& runs) {
    std::map<std::uint64_t, const json*> pages;
    for (const json& run : runs) {
      const std::uint64_t first = run.value("page", std::uint64_t{0});
      for (std::uint64_t i = 0; i < run.value("count", std::uint64_t{0}); ++i) {
        pages[first + i] = &run;
      }
    }
    return pages;
  };
  const auto ours = expand(model);
  const auto theirs = expand(recorded);
  std::set<std::string> fields;
  for (const json& run : recorded) {
    for (const auto& item : run.items()) fields.insert(item.key());
  }
  fields.erase("page");
  fields.erase("count");
  static const json kNone = json::object();
  const auto at = [](const std::map<std::uint64_t, const json*>& pages, std::uint64_t page) {
    const auto found = pages.find(page);
    return found == pages.end() ? &kNone : found->second;
  };
  std::set<std::uint64_t> pages;
  for (const auto& page : theirs) pages.insert(page.first);
  for (const auto& page : ours) pages.insert(page.first);
  for (const std::string& field : fields) {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::string open;  // the difference of the stretch [first, last]
    const auto flush = [&] {
      if (open.empty()) return;
      const std::string stretch =
          first == last ? absl::StrCat(first) : absl::StrCat(first, "..", last);
      differences_.push_back(absl::StrCat(path, ":", stretch, " ", field, ": ", open));
      open.clear();
    };
    for (const std::uint64_t page : pages) {
      const std::string was = PageKey(*at(theirs, page), field);
      // "?": the recording could not read page tables (riscv64).
      const std::string is = was == "?" ? was : PageKey(*at(ours, page), field);
      const std::string difference =
          was == is ? "" : absl::StrCat("recorded ", was, ", model ", is);
      if (difference == open && page == last + 1) {
        last = page;
        continue;
      }
      flush();
      open = difference;
      first = last = page;
    }
    flush();
  }
}

}  // namespace

absl::StatusOr<std::vector<std::string>> CompareRecords(std::string_view recorded,
                                                        std::string_view model, Young young) {
  const json theirs = json::parse(recorded, nullptr, false);
  const json ours = json::parse(model, nullptr, false);
  if (theirs.is_discarded() || ours.is_discarded()) {
    return absl::InvalidArgumentError(theirs.is_discarded() ? "the recording is not JSON"
                                                            : "the model's record is not JSON");
  }
  Comparer comparer(young);
  comparer.Compare("", theirs, ours);
  return comparer.Take();
}

std::vector<Young> YoungOfOperations(const Scenario& scenario) {
  std::vector<Young> all;
  Young now = Young::kComparable;
  for (const Line& line : scenario.lines) {
    if (line.kind != Line::Kind::kOperation) continue;
    const Statement& s = line.statement;
    if (s.code == OpCode::k_madvise && s.advice == Advice::kPageout) now = Young::kReclaimLooked;
    all.push_back(now);
  }
  return all;
}

}  // namespace uffdsim
