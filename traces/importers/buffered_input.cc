#include "traces/importers/buffered_input.h"

#include "absl/strings/str_cat.h"

namespace uffdsim {

absl::Status BufferedInput::Truncated(std::string_view expected) const {
  return absl::DataLossError(absl::StrCat(name(), ": offset ", offset(), ": expected ",
                                          std::string(expected),
                                          ", found the end of the file (truncated)"));
}

absl::Status BufferedInput::BadLine(std::string_view what) const {
  return absl::InvalidArgumentError(
      absl::StrCat(name(), ": line ", line_, ": ", std::string(what)));
}

absl::StatusOr<uint64_t> BufferedInput::Varint() {
  uint64_t value = 0;
  for (uint32_t shift = 0; shift < 64; shift += 7) {
    const absl::StatusOr<std::optional<uint8_t>> byte = Byte();
    if (!byte.ok()) return byte.status();
    if (!byte->has_value()) return Truncated("a number");
    value |= uint64_t{**byte & 0x7fu} << shift;
    if (**byte < 0x80) return value;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(name(), ": offset ", offset(), ": expected a number of at most 64 bits"));
}

absl::StatusOr<std::string> BufferedInput::Bytes(size_t size) {
  std::string bytes;
  while (bytes.size() < size) {
    const absl::StatusOr<std::optional<uint8_t>> byte = Byte();
    if (!byte.ok()) return byte.status();
    if (!byte->has_value()) return Truncated(absl::StrCat(size - bytes.size(), " more bytes"));
    bytes.push_back(static_cast<char>(**byte));
  }
  return bytes;
}

absl::StatusOr<std::optional<std::string_view>> BufferedInput::Line() {
  text_.clear();
  line_ += 1;
  for (;;) {
    const absl::StatusOr<std::optional<uint8_t>> byte = Byte();
    if (!byte.ok()) return byte.status();
    if (!byte->has_value() && text_.empty()) return std::optional<std::string_view>();
    if (!byte->has_value() || **byte == '\n') return std::optional<std::string_view>(text_);
    if (text_.size() == kMaxLineBytes) return BadLine("expected a shorter line");
    text_.push_back(static_cast<char>(**byte));
  }
}

}  // namespace uffdsim
