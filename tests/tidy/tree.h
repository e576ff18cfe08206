// The repository's text files as values, so that each tidy rule is a pure function over them.
//
// Rules:  `code` of a C++ file is its text with comments, strings and character literals blanked;
//         lines and columns stay where they were, so a finding's line number is right for both.
// Errors: an unreadable file is a finding, not an exception.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace uffdsim::tidy {

struct File {
  std::string path;  // from the top of the repository, with '/'
  std::string text;
  std::string code;  // see above; equal to `text` for what is not C++

  bool IsCxx() const;
  bool IsHeader() const { return path.ends_with(".h"); }
  bool IsTest() const { return path.starts_with("tests/"); }
  std::string_view Folder() const;  // "" at the top
  std::string_view Name() const;    // without the folder
  std::string_view Stem() const;    // without the folder and the extension
};

// Sorted by path.
using Tree = std::vector<File>;

// One broken rule. `place` is a path, or path:function where a rule is about a function.
struct Finding {
  std::string rule;
  std::string place;
  int line = 0;  // 0: the whole file
  std::string message;
};

File MakeFile(std::string path, std::string text);

// Reads every text file below `root`; build/, results/ and hidden folders but .ci are left out.
Tree ReadTree(const std::string& root);

const File* Find(const Tree& tree, std::string_view path);

// Places of `token` in `code` where it is not part of a longer identifier on a side where it begins
// or ends with an identifier character.
std::vector<std::size_t> FindToken(std::string_view code, std::string_view token);

int LineOf(std::string_view text, std::size_t position);

bool IsIdentifier(char c);

// The paths of the quoted includes of a C++ file, with their lines.
struct Include {
  std::string path;
  int line;
};
std::vector<Include> QuotedIncludes(const File& file);

}  // namespace uffdsim::tidy
