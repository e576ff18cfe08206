// Turns one chunk back into events; the hot half of the reader.
//
// Rules:     everything is checked, because checksums do not make a hostile file honest: column
//            sizes before they are read, pages against the guest's memory, touch bits.
// Ownership: the decoder keeps its buffers from chunk to chunk: no allocation per event.
// Errors:    InvalidArgument for values, DataLoss for damaged bytes; the message begins with the
//            file and the offset of the chunk.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "traces/event.h"
#include "traces/format.h"
#include "traces/header.h"

struct ZSTD_DCtx_s;

namespace uffdsim::uft {

class ChunkDecoder {
 public:
  ChunkDecoder(const TraceHeader& trace, std::string file_name);
  ~ChunkDecoder();

  // `stored` is what follows the header, without the checksum, which the caller has verified and
  // whose sizes it has bounded. It must stay until the chunk's last event.
  absl::Status Begin(const ChunkHeader& header, std::span<const uint8_t> stored, uint64_t offset);

  // False after the last event of the chunk.
  absl::StatusOr<bool> Next(Event& event);

 private:
  // A column and how far it was consumed.
  struct Cursor {
    const uint8_t* at = nullptr;
    size_t left = 0;

    bool Has(uint64_t bytes) const { return bytes <= left; }
    const uint8_t* Take(size_t bytes) {
      const uint8_t* taken = at;
      at += bytes;
      left -= bytes;
      return taken;
    }
  };

  absl::Status Bad(const std::string& what) const;
  absl::Status CheckEpochEntries() const;
  bool Varint(uint64_t& value);
  absl::StatusOr<bool> NextTagged(uint64_t tag, Event& event);
  absl::Status DecodeEpoch(Event& event);
  absl::Status DecodeMark(Event& event);
  absl::Status DecodeIdle(Event& event);
  absl::Status DecodeAccesses(Event& event);
  absl::Status UnpackGroups(size_t count);
  absl::Status CheckAccesses(std::span<const uint32_t> entries) const;
  absl::Status PageOutside(uint64_t page) const;

  const TraceHeader& trace_;
  std::string file_name_;
  uint64_t offset_ = 0;
  std::vector<uint64_t> clocks_;
  std::array<std::vector<uint8_t>, kColumns> raw_;
  std::array<Cursor, kColumns> columns_;
  uint32_t events_left_ = 0;
  uint32_t event_index_ = 0;
  std::vector<uint32_t> entries_;
  std::vector<uint32_t> deltas_;
  std::unique_ptr<ZSTD_DCtx_s, size_t (*)(ZSTD_DCtx_s*)> zstd_;
};

}  // namespace uffdsim::uft
