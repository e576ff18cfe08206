// Where bytes come from and go to: files, pipes, memory, zstd frames.
//
// Rules:     Read blocks until the buffer is full or the input ends, so pipes need no care.
//            A file output is written beside its name and renamed by Finish: nobody sees half of
//            it.
// Ownership: sources and sinks own their descriptors and close them.
// Errors:    InvalidArgument or NotFound with the file's name and what the system said.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace uffdsim {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Fewer bytes than asked for mean the end of the input.
  virtual absl::StatusOr<size_t> Read(std::span<uint8_t> out) = 0;

  // Size in bytes if the input can seek, nothing for a pipe.
  virtual std::optional<uint64_t> Size() const { return std::nullopt; }
  virtual absl::Status Seek(uint64_t offset);

  const std::string& name() const { return name_; }

 protected:
  explicit ByteSource(std::string name) : name_(std::move(name)) {}

 private:
  std::string name_;  // for messages
};

// "-" is standard input.
absl::StatusOr<std::unique_ptr<ByteSource>> OpenFile(const std::string& path);

// Reads the caller's bytes, which must outlive the source. kPipe hides that it could seek.
enum class MemoryMode : uint8_t { kSeekable, kPipe };
std::unique_ptr<ByteSource> OpenMemory(std::span<const uint8_t> bytes, std::string name,
                                       MemoryMode mode = MemoryMode::kSeekable);

// Looks at the first bytes of `source` and yields a source that still begins with them. When they
// are a zstd frame, the source yields what is inside and `head` shows its beginning.
struct Peeked {
  std::unique_ptr<ByteSource> source;
  std::vector<uint8_t> head;
};
inline constexpr size_t kPeekBytes = 4096;
absl::StatusOr<Peeked> PeekThroughZstd(std::unique_ptr<ByteSource> source);

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual absl::Status Append(std::span<const uint8_t> bytes) = 0;
  virtual absl::Status Finish() = 0;

  absl::Status Append(std::string_view text);
};

// Writes `path`.partial and renames it in Finish; without Finish the partial file is removed
// (after a crash it stays, and can be recovered). "-" is standard output; pipes and devices are
// written as they are.
absl::StatusOr<std::unique_ptr<ByteSink>> CreateFile(const std::string& path);

// Appends to a string of the caller, which must outlive the sink.
std::unique_ptr<ByteSink> CreateMemory(std::string* out);

// XXH3-128 of a file's bytes as 32 hexadecimal digits: the identity of an input in results.
absl::StatusOr<std::string> DigestFile(const std::string& path);

}  // namespace uffdsim
