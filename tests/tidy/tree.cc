#include "tests/tidy/tree.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace uffdsim::tidy {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> kCxx = {".cc", ".h", ".def", ".inc"};
constexpr std::array<std::string_view, 9> kOther = {".md",  ".txt",  ".cmake", ".json", ".sh",
                                                    ".scn", ".html", ".js",    ".css"};

bool HasExtension(std::string_view path, std::string_view extension) {
  return path.ends_with(extension);
}

bool IsText(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const auto ends = [&](std::string_view extension) { return HasExtension(path, extension); };
  return std::any_of(kCxx.begin(), kCxx.end(), ends) ||
         std::any_of(kOther.begin(), kOther.end(), ends) || name.find('.') == name.npos ||
         path.starts_with(".ci/") || name.starts_with(".clang-") || name == ".gitignore";
}

bool IsSkippedFolder(const fs::path& folder) {
  const std::string name = folder.filename().string();
  return (name.starts_with('.') && name != ".ci") || name.starts_with("build") || name == "results";
}

// Blanks comments and literals. Raw strings are recognised with their delimiter.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text), out_(text) {}

  std::string Run() {
    while (at_ < text_.size()) {
      if (Starts("//")) {
        BlankTo(text_.find('\n', at_));
      } else if (Starts("/*")) {
        BlankTo(After("*/", at_ + 2));
      } else if (Starts("R\"") && (at_ == 0 || !IsIdentifier(text_[at_ - 1]))) {
        const std::size_t open = text_.find('(', at_);
        if (open == text_.npos) break;
        const std::string close = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
        BlankTo(After(close, open));
      } else if (text_[at_] == '"') {
        BlankLiteral('"');
      } else if (text_[at_] == '\'' && (at_ == 0 || !IsIdentifier(text_[at_ - 1]))) {
        BlankLiteral('\'');  // after an identifier character it separates digits
      } else {
        ++at_;
      }
    }
    return out_;
  }

 private:
  bool Starts(std::string_view what) const { return text_.substr(at_, what.size()) == what; }

  std::size_t After(std::string_view what, std::size_t from) const {
    const std::size_t found = text_.find(what, from);
    return found == text_.npos ? found : found + what.size();
  }

  void BlankTo(std::size_t end) {
    for (end = std::min(end, text_.size()); at_ < end; ++at_) {
      if (text_[at_] != '\n') out_[at_] = ' ';
    }
  }

  void BlankLiteral(char quote) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
      end += text_[end] == '\\' ? 2 : 1;
    }
    BlankTo(end + 1);
  }

  std::string_view text_;
  std::string out_;
  std::size_t at_ = 0;
};

}  // namespace

bool IsIdentifier(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool File::IsCxx() const {
  return std::any_of(kCxx.begin(), kCxx.end(),
                     [&](std::string_view extension) { return HasExtension(path, extension); });
}

std::string_view File::Folder() const {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? std::string_view() : std::string_view(path).substr(0, slash);
}

std::string_view File::Name() const { return std::string_view(path).substr(path.rfind('/') + 1); }

std::string_view File::Stem() const { return Name().substr(0, Name().rfind('.')); }

File MakeFile(std::string path, std::string text) {
  File file{.path = std::move(path), .text = std::move(text), .code = {}};
  file.code = file.IsCxx() ? Blanker(file.text).Run() : file.text;
  return file;
}

Tree ReadTree(const std::string& root) {
  Tree tree;
  auto entry = fs::recursive_directory_iterator(root);
  for (; entry != fs::recursive_directory_iterator(); ++entry) {
    if (entry->is_directory() && IsSkippedFolder(entry->path())) entry.disable_recursion_pending();
    if (!entry->is_regular_file()) continue;
    std::string path = fs::relative(entry->path(), root).generic_string();
    if (!IsText(path)) continue;
    std::ifstream in(entry->path(), std::ios::binary);
    tree.push_back(MakeFile(std::move(path), std::string(std::istreambuf_iterator<char>(in), {})));
  }
  std::sort(tree.begin(), tree.end(), [](const File& a, const File& b) { return a.path < b.path; });
  return tree;
}

const File* Find(const Tree& tree, std::string_view path) {
  const auto found = std::lower_bound(tree.begin(), tree.end(), path,
                                      [](const File& f, std::string_view p) { return f.path < p; });
  return found != tree.end() && found->path == path ? &*found : nullptr;
}

std::vector<std::size_t> FindToken(std::string_view code, std::string_view token) {
  std::vector<std::size_t> places;
  for (std::size_t at = code.find(token); at != code.npos; at = code.find(token, at + 1)) {
    const std::size_t end = at + token.size();
    const bool joined_left = at > 0 && IsIdentifier(token.front()) && IsIdentifier(code[at - 1]);
    const bool joined_right =
        end < code.size() && IsIdentifier(token.back()) && IsIdentifier(code[end]);
    if (!joined_left && !joined_right) places.push_back(at);
  }
  return places;
}

int LineOf(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, position);
  return 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
}

std::vector<Include> QuotedIncludes(const File& file) {
  constexpr std::string_view kInclude = "#include \"";
  std::vector<Include> includes;
  for (std::size_t at = file.text.find(kInclude); at != file.text.npos;
       at = file.text.find(kInclude, at + 1)) {
    if (at > 0 && file.text[at - 1] != '\n') continue;  // in a comment or a string
    const std::size_t begin = at + kInclude.size();
    const std::size_t end = file.text.find('"', begin);
    if (end == file.text.npos) break;
    includes.push_back({file.text.substr(begin, end - begin), LineOf(file.text, at)});
  }
  return includes;
}

}  // namespace uffdsim::tidy
