// What a trace says about itself: guest, clock, filter, origin.
//
// Rules:  everything that a reader needs to interpret the events is here, and nothing about the
//         machine that wrote the file.
// Errors: InvalidArgument with the key and what was expected; positions are added by the caller.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace uffdsim {

enum class StreamKind : uint8_t {
  kEpochs,    // sets of pages per stretch of time
  kAccesses,  // single accesses in order
};

enum class FilterKind : uint8_t {
  kNone,       // every access is in the file
  kEpochSets,  // sets per epoch, bounded by instructions and by distinct pages
  kWindow,     // a repeat of the same page and kind within some instructions is dropped
};

// A 3 GHz core that retires one instruction per cycle; stated in the file, so that it can be
// argued.
inline constexpr uint64_t kDefaultInstructionsPerSecond = 3'000'000'000;

inline constexpr uint32_t kMaxVcpus = 1024;
inline constexpr uint32_t kMinPageShift = 10;
inline constexpr uint32_t kMaxPageShift = 30;

struct TraceHeader {
  StreamKind stream = StreamKind::kEpochs;
  uint64_t ram_pages = 0;
  uint32_t page_shift = 12;
  uint32_t vcpus = 1;
  uint64_t instructions_per_second = kDefaultInstructionsPerSecond;
  FilterKind filter = FilterKind::kNone;
  uint64_t epoch_max_instructions = 0;  // kEpochSets
  uint64_t epoch_max_pages = 0;         // kEpochSets: the K of the error bound; 0 when not bounded
  uint64_t window_instructions = 0;     // kWindow
  std::string guest;
  std::string workload;
  std::string licence;
  std::string tool;
  std::string tool_version;

  friend bool operator==(const TraceHeader&, const TraceHeader&) = default;
};

std::string_view KindName(StreamKind kind);
std::string_view KindName(FilterKind kind);

// The one-line JSON object that files carry: keys sorted, so equal headers are equal bytes.
std::string HeaderToJson(const TraceHeader& header);

// Keys that are absent keep their defaults (ram_pages has none); unknown keys are ignored, so that
// later versions can say more.
absl::StatusOr<TraceHeader> HeaderFromJson(std::string_view json);

// No control characters: names and descriptions end up on terminals and in line-based files.
bool IsPrintable(std::string_view text);

absl::Status ValidateHeader(const TraceHeader& header);

}  // namespace uffdsim
