// Bytes, varints and lines from a source, with the position for messages.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "traces/bytes.h"

namespace uffdsim {

class BufferedInput {
 public:
  explicit BufferedInput(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  const std::string& name() const { return source_->name(); }
  uint64_t offset() const { return buffer_offset_ + position_; }
  uint64_t line() const { return line_; }

  // Nothing at the end of the input.
  absl::StatusOr<std::optional<uint8_t>> Byte() {
    if (position_ == size_) {
      buffer_offset_ += size_;
      position_ = size_ = 0;
      const absl::StatusOr<size_t> n = source_->Read(buffer_);
      if (!n.ok()) return n.status();
      if (*n == 0) return std::optional<uint8_t>();
      size_ = *n;
    }
    return std::optional<uint8_t>(buffer_[position_++]);
  }

  // Unsigned LEB128.
  absl::StatusOr<uint64_t> Varint();

  // `size` bytes; DataLoss when the input ends before.
  absl::StatusOr<std::string> Bytes(size_t size);

  // The next line without its newline, or nothing at the end; longer than `kMaxLineBytes` is an
  // error, so that a binary file cannot fill the memory.
  static constexpr size_t kMaxLineBytes = 64 << 10;
  absl::StatusOr<std::optional<std::string_view>> Line();

  absl::Status Truncated(std::string_view expected) const;
  absl::Status BadLine(std::string_view what) const;

 private:
  std::unique_ptr<ByteSource> source_;
  std::array<uint8_t, 64 << 10> buffer_;
  size_t position_ = 0;
  size_t size_ = 0;
  uint64_t buffer_offset_ = 0;
  uint64_t line_ = 0;
  std::string text_;
};

}  // namespace uffdsim
