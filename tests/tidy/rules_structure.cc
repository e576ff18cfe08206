// Rules about how files hang together: targets, includes, registries, READMEs.
#include <algorithm>
#include <iterator>
#include <set>
#include <string>

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

enum class Tests { kByName, kThroughOthers };
struct Registry {
  std::string_view folder;
  std::string_view table;
  std::string_view marker;
  std::string_view plumbing;
  Tests tests;
};
constexpr Registry kRegistries[] = {
#define REGISTRY(folder, table, marker, plumbing, tests) \
  {folder, table, marker, plumbing, Tests::tests},
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

// What a row of a .def table is called: POLICY(Age, "age-1", ... has an identifier and a name,
// STORE("nvme", ... a name alone, OPERATION(map, ... an identifier alone.
struct Row {
  std::string id;
  std::string name;
  int line;
};

std::string Literal(std::string_view text) {
  if (!text.starts_with('"')) return {};
  return std::string(text.substr(1, text.find('"', 1) - 1));
}

bool IsMacroName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
}

std::vector<Row> Rows(const File& table) {
  std::vector<Row> rows;
  std::size_t begin = 0;
  for (int line = 1; begin < table.text.size(); ++line) {
    const std::size_t end = std::min(table.text.find('\n', begin), table.text.size());
    const std::string_view text = std::string_view(table.text).substr(begin, end - begin);
    begin = end + 1;
    const std::size_t open = std::min(text.find('('), text.size());
    if (!IsMacroName(text.substr(0, open)) || open == text.size()) continue;
    const std::string_view arguments = text.substr(open + 1);
    std::size_t stop = 0;
    while (stop < arguments.size() && IsIdentifier(arguments[stop])) ++stop;
    Row row = {std::string(arguments.substr(0, stop)), Literal(arguments), line};
    if (arguments.substr(stop).starts_with(", ")) row.name = Literal(arguments.substr(stop + 2));
    if (!row.id.empty() || !row.name.empty()) rows.push_back(row);
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

// Whether `lists` names the source `name`, in full or by a loop: foreach(t algebra ..) and
// ${t}_test.cc.
bool NamesSource(std::string_view lists, std::string_view name) {
  if (!FindToken(lists, name).empty()) return true;
  for (std::size_t at = lists.find('}'); at != lists.npos; at = lists.find('}', at + 1)) {
    const std::size_t end = std::min(lists.find_first_of(" )\n", at), lists.size());
    const std::string_view suffix = lists.substr(at + 1, end - at - 1);
    if (!suffix.ends_with(".cc") || !name.ends_with(suffix)) continue;
    const std::string_view variable_part = name.substr(0, name.size() - suffix.size());
    if (!variable_part.empty() && !FindToken(lists, variable_part).empty()) return true;
  }
  return false;
}

}  // namespace

Findings Orphans(const Tree& tree) {
  std::set<std::string> included;
  for (const File& file : tree) {
    if (!file.IsCxx()) continue;
    for (const Include& include : QuotedIncludes(file)) {
      included.insert(include.path);
      included.insert(std::string(file.Folder()) + "/" + include.path);  // a test's own table
    }
  }
  Findings findings;
  for (const File& file : tree) {
    if (!file.IsCxx()) continue;
    if (file.path.ends_with(".cc")) {
      if (!NamesSource(CMakeAbove(tree, file.path), file.Name())) {
        findings.push_back({{}, file.path, 0, "no CMakeLists.txt above it names this source"});
      }
    } else if (!included.contains(file.path) &&
               CMakeAbove(tree, file.path).find(file.path) == std::string::npos) {
      findings.push_back({{}, file.path, 0, "nobody includes this file"});
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

namespace {

// Files of the folder without a row, and rows that the folder or the tests do not know.
void CheckRegistry(const Registry& registry, const File& table,
                   const std::vector<const File*>& files, const std::set<std::string>& in_tests,
                   Findings* findings) {
  // String literals count here: a catalogue may name an entry by string only.
  const std::set<std::string> named = NormalNames(table.text);
  std::set<std::string> in_folder;
  for (const File* file : files) {
    in_folder.merge(NormalNames(file->code));
    in_folder.insert(Normal(file->Stem()));
    if (!file->path.ends_with(".cc") || file->code.find(registry.marker) == std::string::npos) {
      continue;
    }
    if (Contains(registry.plumbing, file->Name()) || Names(named, file->Stem())) continue;
    findings->push_back({{}, file->path, 0, "has no row in " + std::string(registry.table)});
  }
  if (!registry.table.ends_with(".def")) return;
  for (const Row& row : Rows(table)) {
    const bool is_tested = registry.tests == Tests::kThroughOthers ||
                           (!row.id.empty() && Names(in_tests, row.id)) ||
                           (!row.name.empty() && Names(in_tests, row.name));
    if (!row.id.empty() && !Names(in_folder, row.id)) {
      findings->push_back(
          {{},
           table.path,
           row.line,
           "row " + row.id + " is named nowhere in " + std::string(registry.folder)});
    } else if (!is_tested) {
      findings->push_back({{},
                           table.path,
                           row.line,
                           "row " + (row.name.empty() ? row.id : row.name) + " has no test"});
    }
  }
}

}  // namespace

Findings Registries(const Tree& tree) {
  std::set<std::string> in_tests;
  for (const File& file : tree) {
    if (file.IsTest()) in_tests.merge(NormalNames(file.text));
  }
  Findings findings;
  for (const Registry& registry : kRegistries) {
    std::vector<const File*> files;
    for (const File& file : tree) {
      const bool direct = file.IsCxx() && file.Folder() == registry.folder;
      if (direct && file.path != registry.table) files.push_back(&file);
    }
    const File* table = Find(tree, registry.table);
    if (table != nullptr) {
      CheckRegistry(registry, *table, files, in_tests, &findings);
    } else if (!files.empty()) {
      findings.push_back({{}, std::string(registry.table), 0, "the registry's table is absent"});
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
