#include "traces/bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace uffdsim {
namespace {

absl::Status SystemError(const std::string& name, const char* what) {
  const int error = errno;
  const std::string text = absl::StrCat(name, ": ", what, ": ", std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(text) : absl::InvalidArgumentError(text);
}

class FileSource final : public ByteSource {
 public:
  FileSource(std::string name, int fd) : ByteSource(std::move(name)), fd_(fd) {
    struct stat info {};
    if (fstat(fd_, &info) == 0 && S_ISREG(info.st_mode) && lseek(fd_, 0, SEEK_CUR) == 0) {
      size_ = static_cast<uint64_t>(info.st_size);
    }
  }
  ~FileSource() override {
    if (fd_ != STDIN_FILENO) close(fd_);
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  absl::StatusOr<size_t> Read(std::span<uint8_t> out) override {
    size_t done = 0;
    while (done < out.size()) {
      const ssize_t n = read(fd_, out.data() + done, out.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return SystemError(name(), "cannot read");
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }
  std::optional<uint64_t> Size() const override { return size_; }
  absl::Status Seek(uint64_t offset) override {
    if (lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0) {
      return SystemError(name(), "cannot seek");
    }
    return absl::OkStatus();
  }

 private:
  int fd_;
  std::optional<uint64_t> size_;
};

class MemorySource final : public ByteSource {
 public:
  MemorySource(std::span<const uint8_t> bytes, std::string name, MemoryMode mode)
      : ByteSource(std::move(name)), bytes_(bytes), mode_(mode) {}

  absl::StatusOr<size_t> Read(std::span<uint8_t> out) override {
    const size_t n = std::min(out.size(), bytes_.size() - position_);
    std::copy_n(bytes_.begin() + static_cast<ptrdiff_t>(position_), n, out.begin());
    position_ += n;
    return n;
  }
  std::optional<uint64_t> Size() const override {
    if (mode_ == MemoryMode::kPipe) return std::nullopt;
    return bytes_.size();
  }
  absl::Status Seek(uint64_t offset) override {
    if (mode_ == MemoryMode::kPipe) return ByteSource::Seek(offset);
    position_ = static_cast<size_t>(std::min<uint64_t>(offset, bytes_.size()));
    return absl::OkStatus();
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
  MemoryMode mode_;
};

class FileSink final : public ByteSink {
 public:
  FileSink(std::string path, std::string partial, int fd)
      : path_(std::move(path)), partial_(std::move(partial)), fd_(fd) {}
  ~FileSink() override {
    if (fd_ >= 0 && fd_ != STDOUT_FILENO) close(fd_);
    if (!partial_.empty()) unlink(partial_.c_str());
  }
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  absl::Status Append(std::span<const uint8_t> bytes) override {
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t n = write(fd_, bytes.data() + done, bytes.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return SystemError(path_, "cannot write");
      done += static_cast<size_t>(n);
    }
    return absl::OkStatus();
  }
  absl::Status Finish() override {
    const int fd = std::exchange(fd_, -1);
    if (fd != STDOUT_FILENO && close(fd) != 0) return SystemError(path_, "cannot write");
    if (partial_.empty()) return absl::OkStatus();
    if (rename(partial_.c_str(), path_.c_str()) != 0) return SystemError(path_, "cannot create");
    partial_.clear();
    return absl::OkStatus();
  }

 private:
  std::string path_;
  std::string partial_;  // empty: path_ is written directly
  int fd_;
};

class MemorySink final : public ByteSink {
 public:
  explicit MemorySink(std::string* out) : out_(out) {}
  absl::Status Append(std::span<const uint8_t> bytes) override {
    out_->append(bytes.begin(), bytes.end());
    return absl::OkStatus();
  }
  absl::Status Finish() override { return absl::OkStatus(); }

 private:
  std::string* out_;
};

}  // namespace

absl::Status ByteSource::Seek(uint64_t) {
  return absl::FailedPreconditionError(absl::StrCat(name_, ": a pipe cannot seek"));
}

absl::Status ByteSink::Append(std::string_view text) {
  return Append(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

absl::StatusOr<std::unique_ptr<ByteSource>> OpenFile(const std::string& path) {
  if (path == "-") return std::make_unique<FileSource>("standard input", STDIN_FILENO);
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError(path, "cannot open");
  return std::make_unique<FileSource>(path, fd);
}

std::unique_ptr<ByteSource> OpenMemory(std::span<const uint8_t> bytes, std::string name,
                                       MemoryMode mode) {
  return std::make_unique<MemorySource>(bytes, std::move(name), mode);
}

absl::StatusOr<std::unique_ptr<ByteSink>> CreateFile(const std::string& path) {
  if (path == "-") return std::make_unique<FileSink>("standard output", "", STDOUT_FILENO);
  struct stat info {};
  const bool direct = stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
  const std::string opened = direct ? path : path + ".partial";
  const int fd = open(opened.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return SystemError(path, "cannot create");
  return std::make_unique<FileSink>(path, direct ? "" : opened, fd);
}

std::unique_ptr<ByteSink> CreateMemory(std::string* out) {
  return std::make_unique<MemorySink>(out);
}

absl::StatusOr<std::string> DigestFile(const std::string& path) {
  absl::StatusOr<std::unique_ptr<ByteSource>> source = OpenFile(path);
  if (!source.ok()) return source.status();
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                              XXH3_freeState);
  XXH3_128bits_reset(state.get());
  std::vector<uint8_t> buffer(256 << 10);
  for (;;) {
    const absl::StatusOr<size_t> n = (*source)->Read(buffer);
    if (!n.ok()) return n.status();
    XXH3_128bits_update(state.get(), buffer.data(), *n);
    if (*n < buffer.size()) break;
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return absl::StrFormat("%016x%016x", hash.high64, hash.low64);
}

}  // namespace uffdsim
