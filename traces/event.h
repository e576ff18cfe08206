// The events of a guest access trace, and the interface of whatever consumes them.
//
// Rules:     an entry packs a guest page and how it was touched into 32 bits: page << 3 | bits.
// Ownership: the spans and the name of an event belong to its producer and are valid until the
//            producer's next call.
// Units:     times are instructions of the vCPU's own clock, idle periods nanoseconds.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "absl/status/status.h"

namespace uffdsim {

struct TraceHeader;

// How a page was touched; an entry has at least one of them.
inline constexpr uint32_t kTouchRead = 1;
inline constexpr uint32_t kTouchWrite = 2;
inline constexpr uint32_t kTouchFetch = 4;
inline constexpr uint32_t kTouchMask = 7;
inline constexpr uint32_t kEntryPageShift = 3;

// Guest page numbers leave three of 32 bits to the touch: 2 TiB of 4 KiB pages.
inline constexpr uint64_t kMaxRamPages = uint64_t{1} << (32 - kEntryPageShift);

constexpr uint32_t MakeEntry(uint32_t page, uint32_t bits) {
  return page << kEntryPageShift | bits;
}
constexpr uint32_t EntryPage(uint32_t entry) { return entry >> kEntryPageShift; }
constexpr uint32_t EntryBits(uint32_t entry) { return entry & kTouchMask; }

enum class EventKind : uint8_t {
  kEpoch,     // the set of pages a vCPU touched from begin to end, ascending, order not known
  kAccesses,  // accesses of one vCPU in order
  kMark,      // the guest named a phase at begin
  kIdle,      // the vCPU was halted at begin for idle_ns
};

struct Event {
  EventKind kind = EventKind::kEpoch;
  uint16_t vcpu = 0;
  uint64_t begin = 0;
  uint64_t end = 0;
  std::span<const uint32_t> entries;
  // kAccesses: instructions from the access before (from begin, for the first one) to this one.
  std::span<const uint32_t> deltas;
  uint64_t idle_ns = 0;
  std::string_view name;
};

// What importers fill and exporters are: Begin once, Add in order of time of each vCPU, Finish once
// (without it nothing appears under the output's name).
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual absl::Status Begin(const TraceHeader& header) = 0;
  virtual absl::Status Add(const Event& event) = 0;
  virtual absl::Status Finish() = 0;
};

}  // namespace uffdsim
