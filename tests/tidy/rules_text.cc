// Rules about names and words.
#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "tests/tidy/rules.h"

namespace uffdsim::tidy {
namespace {

struct Banned {
  std::string_view token;
  std::string_view scope;
  std::string_view except;
  std::string_view why;
};
constexpr Banned kBanned[] = {
#define BANNED(token, scope, except, why) {token, scope, except, why},
#include "tests/tidy/banned.def"
#undef BANNED
};

enum class Scope { kCode, kAll };
struct Word {
  std::string_view pattern;
  Scope scope;
  std::string_view why;
};
constexpr Word kWords[] = {
#define WORD(pattern, scope, why) {pattern, Scope::scope, why},
#include "tests/tidy/words.def"
#undef WORD
};

bool IsExcepted(std::string_view path, std::string_view list) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (end > 0 && path.starts_with(list.substr(0, end))) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

// Whether `pattern` (see words.def) matches at `at`.
bool Matches(std::string_view text, std::size_t at, std::string_view pattern) {
  if (pattern.starts_with('^')) {
    pattern.remove_prefix(1);
    if (at > 0) {
      const char before = text[at - 1];
      if (IsIdentifier(before) || before == '/' || before == '.') return false;
    }
  }
  if (text.size() - at < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = text[at + i];
    if (pattern[i] == '?' ? (c < '0' || c > '9') : c != pattern[i]) return false;
  }
  return true;
}

// Names declared as Abseil hash containers in `code`: the identifier after the closing '>'.
void CollectHashNames(std::string_view code, std::set<std::string>* names) {
  constexpr std::string_view kTypes[] = {"flat_hash_map", "flat_hash_set", "node_hash_map",
                                         "node_hash_set"};
  for (const std::string_view type : kTypes) {
    for (std::size_t at : FindToken(code, type)) {
      at += type.size();
      int depth = 0;
      for (; at < code.size(); ++at) {
        if (code[at] == '<') ++depth;
        if (code[at] == '>' && --depth == 0) break;
      }
      ++at;
      while (at < code.size() && !IsIdentifier(code[at]) && code[at] != ';') ++at;
      std::size_t end = at;
      while (end < code.size() && IsIdentifier(code[end])) ++end;
      if (end > at) names->emplace(code.substr(at, end - at));
    }
  }
}

// The range of a range-for that starts with "for (" at `at`: what stands after its ':'.
std::string_view LoopRange(std::string_view code, std::size_t at) {
  int depth = 0;
  std::size_t colon = 0;
  for (std::size_t i = code.find('(', at); i < code.size(); ++i) {
    if (code[i] == '(') ++depth;
    if (code[i] == ';' && depth == 1) return {};
    const bool scope = code[i] == ':' && (code[i + 1] == ':' || code[i - 1] == ':');
    if (code[i] == ':' && depth == 1 && !scope && colon == 0) colon = i + 1;
    if (code[i] == ')' && --depth == 0) return colon == 0 ? "" : code.substr(colon, i - colon);
  }
  return {};
}

// The name of the type that a line at the left margin defines; "" if it defines none.
std::string TypeDefinedBy(std::string_view line) {
  if (line.find(';') != line.npos && line.find('{') == line.npos) return "";  // only declares
  for (const std::string_view word : {"struct ", "class ", "enum class "}) {
    if (!line.starts_with(word)) continue;
    std::size_t end = word.size();
    while (end < line.size() && IsIdentifier(line[end])) ++end;
    return std::string(line.substr(word.size(), end - word.size()));
  }
  return "";
}

}  // namespace

Findings BannedNames(const Tree& tree) {
  Findings findings;
  for (const File& file : tree) {
    if (!file.IsCxx()) continue;
    for (const Banned& banned : kBanned) {
      if (!file.path.starts_with(banned.scope) || IsExcepted(file.path, banned.except)) continue;
      for (const std::size_t at : FindToken(file.code, banned.token)) {
        findings.push_back({{},
                            file.path,
                            LineOf(file.code, at),
                            std::string(banned.token) + ": " + std::string(banned.why)});
      }
    }
  }
  return findings;
}

Findings HashIteration(const Tree& tree) {
  Findings findings;
  for (const File& file : tree) {
    if (!file.IsCxx()) continue;
    std::set<std::string> names;
    CollectHashNames(file.code, &names);
    const File* header =
        Find(tree, std::string(file.Folder()) + "/" + std::string(file.Stem()) + ".h");
    if (header != nullptr) CollectHashNames(header->code, &names);
    for (const std::string& name : names) {
      for (const std::size_t at : FindToken(file.code, "for")) {
        if (FindToken(LoopRange(file.code, at), name).empty()) continue;
        findings.push_back({{},
                            file.path,
                            LineOf(file.code, at),
                            "loops over " + name + ", a hash container: look-up only"});
      }
      for (const std::size_t at : FindToken(file.code, name + ".begin()")) {
        findings.push_back({{},
                            file.path,
                            LineOf(file.code, at),
                            "iterates over " + name + ", a hash container: look-up only"});
      }
    }
  }
  return findings;
}

Findings Words(const Tree& tree) {
  Findings findings;
  for (const File& file : tree) {
    for (const Word& word : kWords) {
      if (word.scope == Scope::kCode && !file.IsCxx()) continue;
      const char first = word.pattern[word.pattern.front() == '^' ? 1 : 0];
      for (std::size_t at = file.text.find(first); at != file.text.npos;
           at = file.text.find(first, at + 1)) {
        if (!Matches(file.text, at, word.pattern)) continue;
        findings.push_back({{},
                            file.path,
                            LineOf(file.text, at),
                            "\"" + file.text.substr(at, 12) + "...\": " + std::string(word.why)});
      }
    }
  }
  return findings;
}

Findings HeaderOpening(const Tree& tree) {
  Findings findings;
  for (const File& file : tree) {
    if (!file.IsCxx() || file.path.ends_with(".cc")) continue;
    if (!file.text.starts_with("//")) {
      findings.push_back({{}, file.path, 1, "opens without a sentence that says what it is"});
    }
    if (file.IsHeader() && file.code.find("\n#pragma once\n") == file.code.npos) {
      findings.push_back({{}, file.path, 0, "has no #pragma once"});
    }
  }
  return findings;
}

Findings TypeNames(const Tree& tree) {
  Findings findings;
  std::map<std::string, std::string> defined_in;  // namespace::name -> header
  for (const File& file : tree) {
    if (!file.IsHeader() || file.IsTest()) continue;
    std::string scope;
    int number = 0;
    std::string_view rest = file.code;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      ++number;
      if (line.starts_with("namespace ")) scope = std::string(line.substr(0, line.find(" {")));
      const std::string name = TypeDefinedBy(line);
      if (name.empty()) continue;
      const auto [other, fresh] = defined_in.emplace(scope + "::" + name, file.path);
      if (fresh || other->second == file.path) continue;
      findings.push_back({{}, file.path, number, name + " is also a type of " + other->second});
    }
  }
  return findings;
}

}  // namespace uffdsim::tidy
