// Any bytes as a trace: an error or events within the guest's memory, never a crash.
//
// The reader verifies checksums, which random changes would never get past; so the target repairs
// them first, chunk by chunk, as far as the bytes look like a trace.
#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "traces/formats.h"
#include "traces/reader.h"

namespace {

using namespace uffdsim;  // NOLINT: one file, one target

bool Seal(std::vector<uint8_t>& bytes, size_t from, uint64_t size) {
  if (size > bytes.size() - from || bytes.size() - from - size < uft::kChecksumBytes) return false;
  const uint64_t checksum = XXH3_64bits(bytes.data() + from, size);
  std::memcpy(bytes.data() + from + size, &checksum, sizeof(checksum));
  return true;
}

void SealAll(std::vector<uint8_t>& bytes) {
  if (bytes.size() < uft::kHeaderFixedBytes) return;
  uint64_t size = uft::kHeaderFixedBytes + uft::Load<uint32_t>(bytes.data() + 12);
  size_t at = 0;
  while (Seal(bytes, at, size)) {
    at += size + uft::kChecksumBytes;
    if (bytes.size() - at < sizeof(uft::ChunkHeader)) return;
    size = sizeof(uft::ChunkHeader);
    const auto chunk = uft::Load<uft::ChunkHeader>(bytes.data() + at);
    if (chunk.magic == uft::kIndexMagic) {
      size = sizeof(uft::IndexHeader) + sizeof(uft::IndexRow) * uint64_t{chunk.sequence};
    } else {
      for (const uint32_t stored : chunk.stored_bytes) size += stored;
    }
  }
}

// Aborts on what must never be delivered.
void Check(const TraceHeader& header, const Event& event) {
  if (event.vcpu >= header.vcpus || event.end < event.begin) std::abort();
  for (const uint32_t entry : event.entries) {
    if (EntryPage(entry) >= header.ram_pages || EntryBits(entry) == 0) std::abort();
  }
}

void ReadAll(std::span<const uint8_t> bytes, OnDamage on_damage, MemoryMode mode) {
  auto reader = TraceReader::Open(OpenMemory(bytes, "fuzz", mode), on_damage);
  if (!reader.ok()) return;
  for (int pass = 0; pass < 2; ++pass) {
    for (;;) {
      const auto event = (*reader)->Next();
      if (!event.ok() || !event->has_value()) break;
      Check((*reader)->header(), **event);
    }
    if (!(*reader)->SeekTo(1000).ok()) break;
  }
}

class CheckingSink final : public EventSink {
 public:
  absl::Status Begin(const TraceHeader& header) override {
    header_ = header;
    return absl::OkStatus();
  }
  absl::Status Add(const Event& event) override {
    if (event.vcpu >= header_.vcpus) std::abort();
    return absl::OkStatus();
  }
  absl::Status Finish() override { return absl::OkStatus(); }

 private:
  TraceHeader header_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<uint8_t> bytes(data, data + size);
  ReadAll(bytes, OnDamage::kFail, MemoryMode::kPipe);
  auto peeked = PeekThroughZstd(OpenMemory(bytes, "fuzz"));
  if (peeked.ok()) {
    if (const auto format = DetectTraceFormat(*peeked); format.ok()) {
      CheckingSink sink;
      (void)(*format)->import(std::move(peeked->source), {}, sink);
    }
  }
  SealAll(bytes);
  ReadAll(bytes, OnDamage::kRecover, MemoryMode::kSeekable);
  return 0;
}
