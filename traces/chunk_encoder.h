// Collects events into the columns of one chunk and compresses them.
//
// Rules:     the caller has checked the event against the header (see writer.cc). A chunk is
//            self-contained: it begins with the clocks of all vCPUs.
// Ownership: the encoder keeps its buffers from chunk to chunk.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "traces/event.h"
#include "traces/format.h"

namespace uffdsim::uft {

class ChunkEncoder {
 public:
  ChunkEncoder(uint32_t vcpus, int zstd_level);

  // The clock of a vCPU: the end of its last epoch or access. Marks and idle do not move it.
  uint64_t clock(uint16_t vcpu) const { return clocks_[vcpu]; }

  // Accesses: at most kMaxBlockAccesses at a time.
  void Add(const Event& event);

  bool empty() const { return header_.events == 0; }
  size_t raw_bytes() const;
  const ChunkHeader& header() const { return header_; }

  // The bytes of the chunk, valid until the next call; begins the next chunk.
  std::span<const uint8_t> Finish(uint32_t sequence);

 private:
  void BeginChunk();
  void AddEntrySet(const Event& event);
  void AddAccesses(const Event& event);
  void PutVarint(uint64_t value);
  template <typename T>
  void Put(Column column, const T& value);

  std::vector<uint64_t> clocks_;
  ChunkHeader header_{};
  std::array<std::vector<uint8_t>, kColumns> columns_;
  std::vector<uint8_t> out_;
  std::vector<uint8_t> compressed_;
  int zstd_level_;
};

}  // namespace uffdsim::uft
