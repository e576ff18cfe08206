#include "sim/cli/output_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"

namespace uffdsim {
namespace {

absl::Status Failed(const char* what, const std::string& path) {
  return absl::InvalidArgumentError(
      absl::StrCat("cannot ", what, " '", path, "': ", std::strerror(errno)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Create(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    errno = EISDIR;
    return Failed("write", path);
  }
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  std::FILE* file = std::fopen((path + ".partial").c_str(), "w");
  if (file == nullptr) return Failed("write", path);
  return std::unique_ptr<OutputFile>(new OutputFile(path, file));
}

OutputFile::~OutputFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  std::remove(Partial().c_str());
}

absl::Status OutputFile::Commit(std::string_view content) {
  const bool wrote = std::fwrite(content.data(), 1, content.size(), file_) == content.size();
  const bool closed = std::fclose(file_) == 0;
  file_ = nullptr;
  if (wrote && closed && std::rename(Partial().c_str(), path_.c_str()) == 0) {
    return absl::OkStatus();
  }
  absl::Status status = Failed("write", path_);
  std::remove(Partial().c_str());
  return status;
}

absl::StatusOr<std::unique_ptr<OutputFile>> CreateIfAsked(const std::string& path) {
  if (path.empty()) return std::unique_ptr<OutputFile>();
  return OutputFile::Create(path);
}

absl::Status CommitIfAsked(OutputFile* file, std::string_view content) {
  return file == nullptr ? absl::OkStatus() : file->Commit(content);
}

absl::Status WriteIfAsked(const std::string& path, std::string_view content) {
  if (path.empty()) return absl::OkStatus();
  auto file = OutputFile::Create(path);
  return file.ok() ? (*file)->Commit(content) : file.status();
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "r");
  if (file == nullptr) return Failed("read", path);
  std::string text;
  char buffer[65536];
  std::size_t n = 0;
  while ((n = std::fread(buffer, 1, sizeof(buffer), file)) > 0) text.append(buffer, n);
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed) return Failed("read", path);
  return text;
}

}  // namespace uffdsim
