#include "sim/conform/initramfs.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace uffdsim {
namespace {

constexpr std::uint32_t kFolder = 0040755;
constexpr std::uint32_t kProgram = 0100755;

class Archive {
 public:
  // Header fields are eight hexadecimal digits each; names and contents are padded to four bytes.
  void Add(const std::string& name, std::uint32_t mode, const std::string& content) {
    absl::StrAppendFormat(&bytes_, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
                          ++inode_, mode, 0, 0, 1, 0, content.size(), 0, 0, 0, 0, name.size() + 1,
                          0);
    bytes_ += name;
    bytes_ += '\0';
    Pad();
    bytes_ += content;
    Pad();
  }
  const std::string& Finish() {
    Add("TRAILER!!!", 0, "");
    return bytes_;
  }

 private:
  void Pad() {
    while (bytes_.size() % 4 != 0) bytes_ += '\0';
  }
  std::string bytes_;
  std::uint32_t inode_ = 0;
};

absl::Status ReadFile(const std::string& path, std::string* content) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  content->assign(std::istreambuf_iterator<char>(file), {});
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteInitramfs(const std::string& path, const std::string& executor,
                            const std::vector<std::string>& modules) {
  Archive archive;
  std::string content;
  for (const char* folder : {"dev", "proc", "sys", "var", "var/tmp", "modules"}) {
    archive.Add(folder, kFolder, "");
  }
  if (absl::Status read = ReadFile(executor, &content); !read.ok()) return read;
  archive.Add("init", kProgram, content);
  for (std::size_t i = 0; i < modules.size(); ++i) {
    if (absl::Status read = ReadFile(modules[i], &content); !read.ok()) return read;
    const std::string name = std::filesystem::path(modules[i]).filename().string();
    archive.Add(absl::StrFormat("modules/%02u-%s", i, name), kProgram, content);
  }
  std::ofstream file(path, std::ios::binary);
  file << archive.Finish();
  if (!file.flush()) return absl::NotFoundError(absl::StrCat(path, ": cannot be written"));
  return absl::OkStatus();
}

}  // namespace uffdsim
