// The report's charts as files: a headless Chromium opens the page, which draws them into its own
// text, and prints that.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "sim/report/report.h"

namespace uffdsim {
namespace {

constexpr std::string_view kBegin = "<script type=\"text/plain\" data-export=\"";
constexpr std::string_view kEnd = "</script>";
constexpr std::string_view kPngUrl = "data:image/png;base64,";

// A folder that is removed again.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    constexpr std::size_t kDrawn = 6;  // letters that mkdtemp() chooses
    path_ = (std::filesystem::temp_directory_path() / "uffdsim-report-").string();
    path_.append(kDrawn, 'X');
    made_ = mkdtemp(path_.data()) != nullptr;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code error;
    if (made_) std::filesystem::remove_all(path_, error);
  }

  bool made() const { return made_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool made_ = false;
};

// 'text' for a shell.
std::string ShellWord(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? "'\\''" : std::string(1, c);
  return word + "'";
}

absl::StatusOr<std::string> Output(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return absl::InvalidArgumentError("cannot start a shell");
  std::string text;
  char buffer[1 << 16];
  std::size_t n = 0;
  while ((n = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0) text.append(buffer, n);
  pclose(pipe);
  return text;
}

}  // namespace

absl::StatusOr<std::vector<ChartFile>> DrawCharts(const std::string& html, ChartFormat format,
                                                  const std::string& chromium) {
  const TemporaryFolder folder;
  const std::string page = folder.path() + "/report.html";
  if (!folder.made() || !(std::ofstream(page, std::ios::binary) << html).flush()) {
    return absl::InvalidArgumentError(absl::StrCat("cannot write '", page, "'"));
  }
  const char* kind = format == ChartFormat::kSvg ? "svg" : "png";
  const absl::StatusOr<std::string> text = Output(
      absl::StrCat(ShellWord(chromium), " --headless ", geteuid() == 0 ? "--no-sandbox " : "",
                   "--disable-gpu --disable-quic --no-first-run --disable-background-networking "
                   "--disable-component-update --disable-sync --window-size=1000,2000 "
                   "--virtual-time-budget=20000 --user-data-dir=",
                   ShellWord(folder.path() + "/profile"), " --dump-dom ",
                   ShellWord(absl::StrCat("file://", page, "#export=", kind)), " 2>/dev/null"));
  if (!text.ok()) return text.status();

  std::vector<ChartFile> files;
  for (std::size_t at = text->find(kBegin); at != std::string::npos; at = text->find(kBegin, at)) {
    at += kBegin.size();
    const std::size_t quote = text->find('"', at);
    const std::size_t end = text->find(kEnd, at);
    if (quote == std::string::npos || end == std::string::npos) break;
    ChartFile file;
    file.name = absl::StrCat(text->substr(at, quote - at), ".", kind);
    file.content = text->substr(quote + 2, end - quote - 2);
    if (format == ChartFormat::kPng) {
      std::string bytes;
      if (file.content.rfind(kPngUrl, 0) != 0 ||
          !absl::Base64Unescape(file.content.substr(kPngUrl.size()), &bytes)) {
        break;
      }
      file.content = std::move(bytes);
    }
    files.push_back(std::move(file));
    at = end;
  }
  if (files.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", chromium,
        "' drew no chart: expected Chromium (Debian package chromium), or another path "
        "with --chromium"));
  }
  return files;
}

}  // namespace uffdsim
