// Seeking by time: through the index where there is one, else chunk by chunk.
#include <xxhash.h>

#include <algorithm>

#include "traces/chunk_decoder.h"
#include "traces/reader.h"

namespace uffdsim {

absl::Status TraceReader::GoTo(uint64_t offset, uint32_t chunk) {
  if (absl::Status status = source_->Seek(offset); !status.ok()) return status;
  offset_ = offset;
  next_chunk_ = chunk;
  read_all_ = chunk == 0;
  events_ = 0;
  entries_ = 0;
  furthest_ = 0;
  damage_ = absl::OkStatus();
  state_ = State::kBetweenChunks;
  return absl::OkStatus();
}

// Leaves index_ empty when the file has no valid one (a crash, a truncation): the walk through the
// chunks will then say what is wrong with the file, at the right place.
absl::Status TraceReader::LoadIndex() {
  const uint64_t size = source_->Size().value_or(0);
  uft::Tail tail{};
  if (size < first_chunk_ + sizeof(tail)) return absl::OkStatus();
  const auto read = [this](uint64_t at, std::span<uint8_t> out) -> absl::StatusOr<size_t> {
    if (absl::Status status = source_->Seek(at); !status.ok()) return status;
    return source_->Read(out);
  };
  const uint64_t tail_at = size - sizeof(tail);
  absl::StatusOr<size_t> n = read(tail_at, {reinterpret_cast<uint8_t*>(&tail), sizeof(tail)});
  if (!n.ok()) return n.status();
  constexpr size_t kFixed = sizeof(uft::IndexHeader) + uft::kChecksumBytes;
  if (!std::equal(uft::kEndMagic.begin(), uft::kEndMagic.end(), tail.magic) ||
      tail.index_bytes < kFixed || tail.index_bytes > tail_at - first_chunk_ ||
      tail.index_offset != tail_at - tail.index_bytes) {
    return absl::OkStatus();
  }
  std::vector<uint8_t> bytes(tail.index_bytes);
  n = read(tail.index_offset, bytes);
  if (!n.ok()) return n.status();
  const auto header = uft::Load<uft::IndexHeader>(bytes.data());
  const size_t checked = bytes.size() - uft::kChecksumBytes;
  if (*n != bytes.size() || header.magic != uft::kIndexMagic ||
      bytes.size() != kFixed + sizeof(uft::IndexRow) * header.chunks ||
      uft::Load<uint64_t>(bytes.data() + checked) != XXH3_64bits(bytes.data(), checked)) {
    return absl::OkStatus();
  }
  index_.resize(header.chunks);
  std::copy_n(bytes.begin() + sizeof(header), sizeof(uft::IndexRow) * header.chunks,
              reinterpret_cast<uint8_t*>(index_.data()));
  return absl::OkStatus();
}

absl::Status TraceReader::SeekTo(uint64_t time) {
  if (!source_->Size().has_value()) {
    if (time < std::max(furthest_, not_before_)) {
      return absl::FailedPreconditionError(source_->name() +
                                           ": cannot seek backwards in a pipe; give a file");
    }
    not_before_ = time;
    return absl::OkStatus();
  }
  if (index_.empty()) {
    if (absl::Status status = LoadIndex(); !status.ok()) return status;
  }
  not_before_ = time;
  // vCPUs have clocks of their own, so the ends of chunks need not ascend: the first that holds
  // something later than `time` is looked for from the front.
  const auto row = std::find_if(index_.begin(), index_.end(), [time](const uft::IndexRow& r) {
    return r.time_last > time || time == 0;
  });
  if (index_.empty()) return GoTo(first_chunk_, 0);
  // When nothing is later, the last chunk is read and passed over, and the end is seen as usual.
  const auto chosen = row == index_.end() ? row - 1 : row;
  if (chosen->offset < first_chunk_ || chosen->offset > source_->Size().value_or(0)) {
    return Damaged(chosen->offset, "expected a chunk within the file (index corrupted)");
  }
  return GoTo(chosen->offset, static_cast<uint32_t>(chosen - index_.begin()));
}

}  // namespace uffdsim
