// Tiny traces and runs for the tests of replay.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/replay/replay.h"

namespace uffdsim {

inline constexpr std::uint64_t kMs = 1'000'000;  // nanoseconds, or instructions of these guests

// A trace that lives in memory.
class MemoryStream final : public EventStream {
 public:
  explicit MemoryStream(std::uint64_t ram_pages, std::uint32_t vcpus = 1) {
    header_.ram_pages = ram_pages;
    header_.vcpus = vcpus;
    header_.instructions_per_second = 1'000'000'000;  // one instruction a nanosecond
  }

  // A set of touches of vCPU `vcpu` from `begin` to `end` instructions.
  MemoryStream& Epoch(std::uint64_t begin, std::uint64_t end, std::vector<std::uint32_t> entries,
                      std::uint16_t vcpu = 0) {
    Stored stored;
    stored.event.kind = EventKind::kEpoch;
    stored.event.vcpu = vcpu;
    stored.event.begin = begin;
    stored.event.end = end;
    stored.entries = std::move(entries);
    events_.push_back(std::move(stored));
    return *this;
  }
  MemoryStream& Idle(std::uint64_t at, std::uint64_t ns) {
    Stored stored;
    stored.event.kind = EventKind::kIdle;
    stored.event.begin = stored.event.end = at;
    stored.event.idle_ns = ns;
    events_.push_back(std::move(stored));
    return *this;
  }

  TraceHeader& mutable_header() { return header_; }
  const TraceHeader& header() const override { return header_; }
  absl::StatusOr<std::optional<Event>> Next() override {
    if (next_ == events_.size()) return std::nullopt;
    Stored& stored = events_[next_++];
    stored.event.entries = stored.entries;
    return stored.event;
  }

 private:
  struct Stored {
    Event event;
    std::vector<std::uint32_t> entries;
  };
  TraceHeader header_;
  std::vector<Stored> events_;
  std::size_t next_ = 0;
};

inline std::uint32_t Read(std::uint32_t page) { return MakeEntry(page, kTouchRead); }
inline std::uint32_t Write(std::uint32_t page) { return MakeEntry(page, kTouchWrite); }

inline std::vector<std::uint32_t> Range(std::uint32_t first, std::uint32_t count,
                                        std::uint32_t bits) {
  std::vector<std::uint32_t> entries;
  for (std::uint32_t i = 0; i < count; ++i) entries.push_back(MakeEntry(first + i, bits));
  return entries;
}

// A hot set that is written all the time and a trickle of new pages: a policy that evicts what came
// first makes the guest come back to victims that are being written out.
inline MemoryStream HotSetAndTrickle() {
  MemoryStream stream(1024);
  for (std::uint32_t round = 0; round < 40; ++round) {
    std::vector<std::uint32_t> entries = Range(0, 150, kTouchWrite);
    for (const std::uint32_t entry : Range(200 + 4 * round, 4, kTouchWrite))
      entries.push_back(entry);
    stream.Epoch(round * 5 * kMs, (round * 5 + 4) * kMs, std::move(entries));
  }
  return stream;
}

// A configuration from "name=value" changes of the defaults.
inline ReplayConfig Config(std::vector<std::pair<std::string, std::string>> changes) {
  ReplayOptions options;
  for (const auto& [name, value] : changes) {
    bool found = false;
    for (const OptionRow& row : ReplayOptionRows()) {
      if (row.name != name) continue;
      options.*row.member = value;
      found = true;
    }
    EXPECT_TRUE(found) << name;
  }
  const absl::StatusOr<ReplayConfig> config = ResolveReplay(options, "");
  EXPECT_TRUE(config.ok()) << config.status();
  return *config;
}

inline ReplayResult MustRun(const ReplayConfig& config, EventStream& stream,
                            std::uint64_t footprint = 0, const HostWrapper& wrap = nullptr) {
  absl::StatusOr<ReplayResult> result = RunReplay(config, stream, footprint, wrap);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : ReplayResult{};
}

}  // namespace uffdsim
