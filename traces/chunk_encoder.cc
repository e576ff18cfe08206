#include "traces/chunk_encoder.h"

#include <xxhash.h>
#include <zstd.h>

#include <algorithm>

#include "traces/bitpack.h"

namespace uffdsim::uft {
namespace {

// A column is stored compressed only when that saves at least a quarter: bit-packed columns are
// nearly random, and undoing their entropy coding would cost more than reading them.
bool WorthCompressing(size_t raw, size_t compressed) { return compressed <= raw - raw / 4; }

}  // namespace

ChunkEncoder::ChunkEncoder(uint32_t vcpus, int zstd_level)
    : clocks_(vcpus), zstd_level_(zstd_level) {
  BeginChunk();
}

void ChunkEncoder::BeginChunk() {
  for (std::vector<uint8_t>& column : columns_) column.clear();
  header_ = ChunkHeader{};
  header_.magic = kChunkMagic;
  header_.time_first = UINT64_MAX;
  for (const uint64_t clock : clocks_) PutVarint(clock);
}

void ChunkEncoder::PutVarint(uint64_t value) {
  std::vector<uint8_t>& out = columns_[kEvents];
  while (value >= 0x80) {
    out.push_back(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<uint8_t>(value));
}

template <typename T>
void ChunkEncoder::Put(Column column, const T& value) {
  std::vector<uint8_t>& out = columns_[column];
  const size_t at = out.size();
  out.resize(at + sizeof(value));
  std::memcpy(out.data() + at, &value, sizeof(value));
}

size_t ChunkEncoder::raw_bytes() const {
  size_t bytes = 0;
  for (const std::vector<uint8_t>& column : columns_) bytes += column.size();
  return bytes;
}

void ChunkEncoder::Add(const Event& event) {
  uint64_t& clock = clocks_[event.vcpu];
  switch (event.kind) {
    case EventKind::kEpoch:
      PutVarint(kTagEpoch);
      PutVarint(event.vcpu);
      PutVarint(event.begin - clock);
      PutVarint(event.end - event.begin);
      PutVarint(event.entries.size());
      AddEntrySet(event);
      clock = event.end;
      break;
    case EventKind::kAccesses:
      PutVarint(kTagAccesses);
      PutVarint(event.vcpu);
      PutVarint(event.begin - clock);
      PutVarint(event.entries.size());
      AddAccesses(event);
      clock = event.end;
      break;
    case EventKind::kMark:
      PutVarint(kTagMark);
      PutVarint(event.vcpu);
      PutVarint(event.begin - clock);
      PutVarint(event.name.size());
      columns_[kEvents].insert(columns_[kEvents].end(), event.name.begin(), event.name.end());
      break;
    case EventKind::kIdle:
      PutVarint(kTagIdle);
      PutVarint(event.vcpu);
      PutVarint(event.idle_ns);
      break;
  }
  header_.events += 1;
  header_.entries += static_cast<uint32_t>(event.entries.size());
  // Idle periods happen at the clock, whatever the event says.
  const bool idle = event.kind == EventKind::kIdle;
  header_.time_first = std::min(header_.time_first, idle ? clock : event.begin);
  header_.time_last = std::max(header_.time_last, idle ? clock : event.end);
}

void ChunkEncoder::AddEntrySet(const Event& event) {
  uint32_t next = 0;  // smallest page that the entry can have
  for (const uint32_t entry : event.entries) {
    const uint32_t gap = EntryPage(entry) - next;
    Put(kEntries,
        static_cast<uint16_t>(std::min(gap, kEscapeGap) << kEntryPageShift | EntryBits(entry)));
    if (gap >= kEscapeGap) Put(kSecond, gap);
    next = EntryPage(entry) + 1;
  }
}

void ChunkEncoder::AddAccesses(const Event& event) {
  size_t i = 0;
  for (; i + kGroup <= event.entries.size(); i += kGroup) {
    const std::span<const uint32_t> entries = event.entries.subspan(i, kGroup);
    const std::span<const uint32_t> deltas = event.deltas.subspan(i, kGroup);
    const auto [low, high] = std::minmax_element(entries.begin(), entries.end());
    GroupHead head{*low, static_cast<uint8_t>(WidthOf(*high - *low)), 0, 0};
    uint32_t above_base[kGroup];
    std::transform(entries.begin(), entries.end(), above_base,
                   [&head](uint32_t entry) { return entry - head.base; });
    head.delta_bits =
        static_cast<uint8_t>(WidthOf(*std::max_element(deltas.begin(), deltas.end())));
    Put(kHeads, head);
    uint8_t packed[PackedBytes(32)];
    Pack128(above_base, head.entry_bits, packed);
    columns_[kEntries].insert(columns_[kEntries].end(), packed,
                              packed + PackedBytes(head.entry_bits));
    Pack128(deltas.data(), head.delta_bits, packed);
    columns_[kSecond].insert(columns_[kSecond].end(), packed,
                             packed + PackedBytes(head.delta_bits));
  }
  for (; i < event.entries.size(); ++i) {
    Put(kTails, event.entries[i]);
    Put(kTails, event.deltas[i]);
  }
}

std::span<const uint8_t> ChunkEncoder::Finish(uint32_t sequence) {
  out_.resize(sizeof(ChunkHeader));
  for (size_t i = 0; i < kColumns; ++i) {
    const std::vector<uint8_t>& raw = columns_[i];
    compressed_.resize(ZSTD_compressBound(raw.size()));
    const size_t n =
        ZSTD_compress(compressed_.data(), compressed_.size(), raw.data(), raw.size(), zstd_level_);
    const bool compress = !ZSTD_isError(n) && WorthCompressing(raw.size(), n);
    header_.raw_bytes[i] = static_cast<uint32_t>(raw.size());
    header_.stored_bytes[i] = static_cast<uint32_t>(compress ? n : raw.size());
    const std::vector<uint8_t>& stored = compress ? compressed_ : raw;
    out_.insert(out_.end(), stored.begin(), stored.begin() + header_.stored_bytes[i]);
  }
  header_.sequence = sequence;
  std::memcpy(out_.data(), &header_, sizeof(header_));
  const uint64_t checksum = XXH3_64bits(out_.data(), out_.size());
  const auto* bytes = reinterpret_cast<const uint8_t*>(&checksum);
  out_.insert(out_.end(), bytes, bytes + kChecksumBytes);
  BeginChunk();
  return out_;
}

}  // namespace uffdsim::uft
