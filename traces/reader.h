// Reads UFTRACE files: whole epochs and blocks of accesses, as fast as a replay can take them.
//
// Rules:     one pass needs no seeking, so pipes work. After SeekTo every later event that ends
//            after the given time is delivered and none other. Each chunk's checksum is verified
//            before its bytes are believed.
// Ownership: an event's spans and name live until the next call of Next or SeekTo. Steady state
//            allocates nothing.
// Errors:    InvalidArgument (not a trace, another version, a value out of range) or DataLoss
//            (truncated, damaged): file, byte offset, expectation. After an error Next repeats it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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
class ChunkDecoder;
}

enum class OnDamage : uint8_t {
  kFail,     // an incomplete or damaged file is an error
  kRecover,  // it ends after its last whole chunk; damage() says why
};

class TraceReader {
 public:
  // "-" is standard input.
  static absl::StatusOr<std::unique_ptr<TraceReader>> Open(const std::string& path,
                                                           OnDamage on_damage = OnDamage::kFail);
  static absl::StatusOr<std::unique_ptr<TraceReader>> Open(std::unique_ptr<ByteSource> source,
                                                           OnDamage on_damage = OnDamage::kFail);
  ~TraceReader();

  const TraceHeader& header() const { return header_; }

  // Nothing after the last event.
  absl::StatusOr<std::optional<Event>> Next();

  // Continues with the first chunk that holds an event ending after `time` (instructions). A pipe
  // can only go forward from where it is.
  absl::Status SeekTo(uint64_t time);

  // Chunks and bytes of them consumed so far, in the file and as columns.
  struct Volume {
    uint64_t chunks = 0;
    uint64_t stored_bytes = 0;
    uint64_t raw_bytes = 0;
  };
  const Volume& volume() const { return volume_; }

  // What ended the trace early when recovering; OK for a whole file.
  const absl::Status& damage() const { return damage_; }

 private:
  enum class State : uint8_t { kBetweenChunks, kInChunk, kEnd, kFailed };

  TraceReader(std::unique_ptr<ByteSource> source, OnDamage on_damage);
  absl::Status ReadHeader();
  absl::Status NextSection();
  absl::Status ReadChunk();
  absl::Status CheckSizes(const uft::ChunkHeader& header) const;
  absl::Status ReadIndexAndEnd();
  absl::Status LoadIndex();
  absl::Status GoTo(uint64_t offset, uint32_t chunk);
  absl::Status Fill(std::span<uint8_t> out, const char* expected);
  absl::Status Damaged(uint64_t offset, const std::string& what) const;
  absl::StatusOr<std::optional<Event>> Stop(const absl::Status& status);

  std::unique_ptr<ByteSource> source_;
  OnDamage on_damage_;
  TraceHeader header_;
  std::unique_ptr<uft::ChunkDecoder> decoder_;
  State state_ = State::kBetweenChunks;
  absl::Status damage_;
  uint64_t offset_ = 0;       // of the next byte of source_
  uint64_t first_chunk_ = 0;  // offset
  uint32_t next_chunk_ = 0;   // sequence number
  uint64_t not_before_ = 0;   // events that end by then are passed over
  uint64_t furthest_ = 0;     // latest end of a delivered event
  uint64_t events_ = 0;       // in the chunks so far, if all were read
  uint64_t entries_ = 0;
  bool read_all_ = true;  // no chunk was jumped over
  std::vector<uint8_t> chunk_;
  std::vector<uft::IndexRow> index_;  // filled by the first SeekTo
  Volume volume_;
};

// Begin and all events, but not Finish.
absl::Status SendAll(TraceReader& reader, EventSink& sink);

}  // namespace uffdsim
