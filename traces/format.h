// The constants of the UFTRACE file format, version 1; traces/FORMAT.md explains every byte.
//
// Rules:  all integers are little-endian. Sizes are bounded so that a damaged field can never make
//         a reader allocate more than kMaxChunkBytes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace uffdsim::uft {

static_assert(std::endian::native == std::endian::little,
              "columns are copied as they are; a big-endian host would need to swap them");

inline constexpr std::string_view kMagic{"UFTRACE\n", 8};
inline constexpr std::string_view kEndMagic{"UFTREND\n", 8};
inline constexpr uint32_t kVersion = 1;

// File header: magic, u32 version, u32 length of the JSON, the JSON, u64 XXH3 of all before.
inline constexpr size_t kHeaderFixedBytes = 16;
inline constexpr size_t kMaxHeaderJsonBytes = 64 << 10;

// A chunk: this header, the stored columns, u64 XXH3 of both.
struct ChunkHeader {
  uint32_t magic;
  uint32_t sequence;  // 0, 1, 2 ...: a lost or repeated chunk is noticed
  uint64_t time_first;
  uint64_t time_last;
  uint32_t events;
  uint32_t entries;
  uint32_t raw_bytes[5];
  uint32_t stored_bytes[5];  // equal to raw_bytes: stored as is, smaller: one zstd frame
};
static_assert(sizeof(ChunkHeader) == 72);
inline constexpr size_t kChecksumBytes = 8;

// The columns of a chunk, in file order.
enum Column : uint8_t {
  kEvents,   // varints: clocks of all vCPUs, then events
  kEntries,  // epochs: u16 gap << 3 | bits; accesses: bit-packed groups
  kSecond,   // epochs: u32 gaps that do not fit; accesses: bit-packed time deltas
  kHeads,    // accesses: one GroupHead per group
  kTails,    // accesses: u32 entry, u32 delta for what does not fill a group
};
inline constexpr size_t kColumns = 5;

inline constexpr uint32_t kChunkMagic = 0x4b484355;  // "UCHK"
inline constexpr uint32_t kIndexMagic = 0x58444955;  // "UIDX"

// Compressed history ends with a chunk, and so does what a crash can lose: a few hundred KiB of
// columns are enough for zstd and little to lose.
inline constexpr size_t kDefaultChunkBytes = 512 << 10;
inline constexpr size_t kMaxChunkBytes = 16 << 20;

// Epoch entries: a gap of 13 bits; the largest value says that the gap is in column kSecond.
inline constexpr uint32_t kEscapeGap = 8191;

// Accesses: this many share a base and a width. Four lanes of 32 fill whole 16-byte vectors at
// every width.
inline constexpr size_t kGroup = 128;
inline constexpr size_t kMaxBlockAccesses = 4096;  // entries and deltas of a block stay in L1

struct GroupHead {
  uint32_t base;  // smallest entry of the group
  uint8_t entry_bits;
  uint8_t delta_bits;
  uint16_t zero;
};
static_assert(sizeof(GroupHead) == 8);

// Event tags in column kEvents.
enum Tag : uint8_t { kTagEpoch = 1, kTagMark = 2, kTagIdle = 3, kTagAccesses = 4 };
inline constexpr size_t kMaxNameBytes = 255;

// Index: IndexHeader, IndexRow per chunk, u64 XXH3 of both, then the Tail ends the file.
struct IndexHeader {
  uint32_t magic;
  uint32_t chunks;
  uint64_t events;
  uint64_t entries;
};
static_assert(sizeof(IndexHeader) == 24);

struct IndexRow {
  uint64_t offset;
  uint64_t time_first;
  uint64_t time_last;
};
static_assert(sizeof(IndexRow) == 24);

struct Tail {
  uint64_t index_offset;
  uint64_t index_bytes;
  char magic[8];
};
static_assert(sizeof(Tail) == 24);

template <typename T>
T Load(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

}  // namespace uffdsim::uft
