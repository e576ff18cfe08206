// A result file that appears whole or not at all.
//
// Rules:   Create() makes `path`.partial, so that an output that cannot be written is found before
// the
//          long run; Commit() writes, closes and renames. Without Commit() nothing stays behind.
// Owned by: the caller. Errors: InvalidArgument with the path and the system's reason.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace uffdsim {

class OutputFile {
 public:
  static absl::StatusOr<std::unique_ptr<OutputFile>> Create(const std::string& path);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  absl::Status Commit(std::string_view content);

 private:
  OutputFile(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
  std::string Partial() const { return path_ + ".partial"; }

  std::string path_;
  std::FILE* file_;  // null once committed
};

// The same for an output that need not be asked for: null when `path` is empty.
absl::StatusOr<std::unique_ptr<OutputFile>> CreateIfAsked(const std::string& path);
// All of `content`; nothing is done when `file` is null.
absl::Status CommitIfAsked(OutputFile* file, std::string_view content);

// All of `content`; nothing is done when `path` is empty: the user did not ask for the file.
absl::Status WriteIfAsked(const std::string& path, std::string_view content);

// The whole of a small text file.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

}  // namespace uffdsim
