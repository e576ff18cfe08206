// Writes UFTRACE files, to disk or into a pipe, in one pass without seeking.
//
// Rules:     each vCPU's events come in the order of its clock; pages of an epoch ascend; a stream
//            holds epochs or accesses, never both. The output appears under its name by Finish
//            alone; until then `path`.partial holds the whole chunks so far, which a reader can
//            recover after a crash.
// Errors:    InvalidArgument with the event's number and what was expected.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "traces/bytes.h"
#include "traces/event.h"
#include "traces/format.h"
#include "traces/header.h"

namespace uffdsim {

namespace uft {
class ChunkEncoder;
}

struct TraceWriterOptions {
  size_t chunk_bytes = uft::kDefaultChunkBytes;  // columns before compression
  int zstd_level = 19;                           // 1 to 22: time to write, not to read
};

class TraceWriter final : public EventSink {
 public:
  TraceWriter(std::unique_ptr<ByteSink> sink, const TraceWriterOptions& options);
  ~TraceWriter() override;

  static absl::StatusOr<std::unique_ptr<TraceWriter>> Create(
      const std::string& path, const TraceWriterOptions& options = {});

  absl::Status Begin(const TraceHeader& header) override;
  // Accesses may be any number; they are cut into blocks (none at all leave no event).
  absl::Status Add(const Event& event) override;
  absl::Status Finish() override;

 private:
  absl::Status Check(const Event& event) const;
  absl::Status AddPiece(const Event& event);
  absl::Status FlushChunk();
  absl::Status Write(std::span<const uint8_t> bytes);

  std::unique_ptr<ByteSink> sink_;
  TraceWriterOptions options_;
  TraceHeader header_;
  std::unique_ptr<uft::ChunkEncoder> encoder_;
  std::vector<uft::IndexRow> index_;
  uint64_t offset_ = 0;
  uint64_t events_ = 0;
  uint64_t entries_ = 0;
};

// Builds events of a stream of accesses from single ones; Flush before a mark, an idle period and
// the end.
class AccessBatcher {
 public:
  explicit AccessBatcher(EventSink* sink) : sink_(sink) {}

  // `time` is on the vCPU's clock and never before its last access.
  absl::Status Add(uint16_t vcpu, uint64_t time, uint32_t entry);
  absl::Status Flush();

 private:
  EventSink* sink_;
  uint16_t vcpu_ = 0;
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
  std::vector<uint32_t> entries_;
  std::vector<uint32_t> deltas_;
};

}  // namespace uffdsim
