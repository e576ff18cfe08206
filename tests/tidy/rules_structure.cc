// Rules about how files hang together: targets, includes, registries, READMEs.
#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "tests/tidy/rules.h"

namespace uffdsim::tidy {
namespace {

struct Arrow {
  std::string_view folder;
  std::string_view allowed;
};
constexpr Arrow kArrows[] = {
#define ARROW(folder, allowed) {folder, allowed},
#include "tests/tidy/arrows.def"
#undef ARROW
};

struct Registry {
  std::string_view folder;
  std::string_view table;
  std::string_view plumbing;
};
constexpr Registry kNoRegistry = {"", "", ""};  // keeps the array non-empty when the table is
constexpr Registry kRegistries[] = {
    kNoRegistry,
#define REGISTRY(folder, table, plumbing) {folder, table, plumbing},
#include "tests/tidy/registries.def"
#undef REGISTRY
};

std::vector<std::string_view> Words(std::string_view list) {
  std::vector<std::string_view> words;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (end > 0) words.push_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return words;
}

bool Contains(std::string_view list, std::string_view word) {
  const auto words = Words(list);
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool IsBelow(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool IsOurs(std::string_view path) {
  const std::string_view top = path.substr(0, path.find('/'));
  return std::any_of(std::begin(kArrows), std::end(kArrows), [&](const Arrow& arrow) {
    return arrow.folder.substr(0, arrow.folder.find('/')) == top;
  });
}

// "x86_64", "kX86_64" and "X8664" are one name.
std::string Normal(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '_' || c == '-') continue;
    out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return out;
}

std::set<std::string> NormalNames(std::string_view text) {
  std::set<std::string> names;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && (IsIdentifier(text[end]) || text[end] == '-')) ++end;
    if (end > at) names.insert(Normal(text.substr(at, end - at)));
    at = end + 1;
  }
  return names;
}

// Whether `name` is one of `names`, alone or behind or before other words: kAge, MakeAge, age-1.
bool Names(const std::set<std::string>& names, std::string_view name) {
  const std::string wanted = Normal(name);
  for (const std::string_view prefix : {"", "k", "make"}) {
    const std::string full = std::string(prefix) + wanted;
    const auto found = names.lower_bound(full);
    if (found != names.end() && found->starts_with(full)) return true;
  }
  return false;
}

// First identifiers of the rows of a .def table: "POLICY(age, ..." gives age.
std::vector<std::pair<std::string, int>> Rows(const File& table) {
  std::vector<std::pair<std::string, int>> rows;
  std::size_t begin = 0;
  for (int line = 1; begin < table.code.size(); ++line) {
    const std::size_t end = std::min(table.code.find('\n', begin), table.code.size());
    const std::string_view text = std::string_view(table.code).substr(begin, end - begin);
    const std::size_t open = text.find('(');
    if (open != text.npos && open > 0 &&
        std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(open),
                    [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; })) {
      std::size_t stop = open + 1;
      while (stop < text.size() && IsIdentifier(text[stop])) ++stop;
      if (stop > open + 1) rows.emplace_back(text.substr(open + 1, stop - open - 1), line);
    }
    begin = end + 1;
  }
  return rows;
}

// The text of every CMakeLists.txt from the folder of `path` up to the top.
std::string CMakeAbove(const Tree& tree, std::string_view path) {
  std::string text;
  while (true) {
    const std::size_t slash = path.rfind('/');
    const std::string folder(slash == path.npos ? std::string_view() : path.substr(0, slash));
    const File* lists = Find(tree, folder.empty() ? "CMakeLists.txt" : folder + "/CMakeLists.txt");
    if (lists != nullptr) text += lists->text;
    if (slash == path.npos) return text;
    path = path.substr(0, slash);
  }
}

}  // namespace

Findings Orphans(const Tree& tree) {
  std::set<std::string> included;
  for (const File& file : tree) {
    if (!file.IsCxx()) continue;
    for (Include& include : QuotedIncludes(file)) included.insert(std::move(include.path));
  }
  Findings findings;
  for (const File& file : tree) {
    if (!file.IsCxx()) continue;
    if (file.path.ends_with(".cc")) {
      if (FindToken(CMakeAbove(tree, file.path), file.Name()).empty()) {
        findings.push_back({{}, file.path, 0, "no CMakeLists.txt above it names this source"});
      }
    } else if (!included.contains(file.path)) {
      findings.push_back({{}, file.path, 0, "nobody includes this file by its path from the top"});
    }
  }
  return findings;
}

Findings IncludeDirection(const Tree& tree) {
  Findings findings;
  for (const File& file : tree) {
    if (!file.IsCxx()) continue;
    const Arrow* best = nullptr;
    for (const Arrow& arrow : kArrows) {
      const bool matches = IsBelow(file.path, arrow.folder);
      if (matches && (best == nullptr || best->folder.size() < arrow.folder.size())) best = &arrow;
    }
    if (best == nullptr) {
      findings.push_back({{}, file.path, 0, "its folder has no row in tests/tidy/arrows.def"});
      continue;
    }
    for (const Include& include : QuotedIncludes(file)) {
      if (IsBelow(include.path, best->folder) || !IsOurs(include.path)) continue;
      const auto allowed = Words(best->allowed);
      const bool goes_along = std::any_of(allowed.begin(), allowed.end(), [&](auto prefix) {
        return include.path.starts_with(prefix);
      });
      if (goes_along) continue;
      findings.push_back({{},
                          file.path,
                          include.line,
                          "includes " + include.path + ", but " + std::string(best->folder) +
                              " may only see itself" + (allowed.empty() ? "" : " and ") +
                              std::string(best->allowed)});
    }
  }
  return findings;
}

Findings Registries(const Tree& tree) {
  Findings findings;
  for (const Registry& registry : kRegistries) {
    if (registry.folder.empty()) continue;
    std::vector<const File*> files;
    for (const File& file : tree) {
      const bool direct = file.IsCxx() && file.Folder() == registry.folder;
      if (direct && file.path != registry.table) files.push_back(&file);
    }
    const File* table = Find(tree, registry.table);
    if (table == nullptr && files.empty()) continue;
    if (table == nullptr) {
      findings.push_back({{}, std::string(registry.table), 0, "the registry's table is absent"});
      continue;
    }
    // String literals count here: a catalogue may name an entry by string only.
    const std::set<std::string> named = NormalNames(table->text);
    std::set<std::string> in_folder;
    for (const File* file : files) {
      in_folder.merge(NormalNames(file->code));
      in_folder.insert(Normal(file->Stem()));
      if (!file->path.ends_with(".cc") || Contains(registry.plumbing, file->Name())) continue;
      if (!Names(named, file->Stem())) {
        findings.push_back({{}, file->path, 0, "has no row in " + std::string(registry.table)});
      }
    }
    if (!registry.table.ends_with(".def")) continue;
    for (const auto& [row, line] : Rows(*table)) {
      if (Names(in_folder, row)) continue;
      findings.push_back({{},
                          table->path,
                          line,
                          "row " + row + " is named nowhere in " + std::string(registry.folder)});
    }
  }
  return findings;
}

Findings Readmes(const Tree& tree) {
  std::set<std::string> folders;
  for (const File& file : tree) {
    if (file.IsCxx()) folders.emplace(file.Folder());
  }
  Findings findings;
  for (const std::string& folder : folders) {
    if (Find(tree, folder + "/README.md") == nullptr) {
      findings.push_back({{}, folder, 0, "a folder with code needs a README.md"});
    }
  }
  return findings;
}

}  // namespace uffdsim::tidy
