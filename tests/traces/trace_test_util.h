// Helpers of the trace tests: traces in memory, and events that own what they point to.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "traces/reader.h"
#include "traces/writer.h"

namespace uffdsim {

// An event with its own storage, comparable.
struct OwnedEvent {
  EventKind kind = EventKind::kEpoch;
  uint16_t vcpu = 0;
  uint64_t begin = 0;
  uint64_t end = 0;
  std::vector<uint32_t> entries;
  std::vector<uint32_t> deltas;
  uint64_t idle_ns = 0;
  std::string name;

  friend bool operator==(const OwnedEvent&, const OwnedEvent&) = default;

  Event View() const {
    Event event;
    event.kind = kind;
    event.vcpu = vcpu;
    event.begin = begin;
    event.end = end;
    event.entries = entries;
    event.deltas = deltas;
    event.idle_ns = idle_ns;
    event.name = name;
    return event;
  }

  static OwnedEvent Of(const Event& event) {
    return {event.kind,
            event.vcpu,
            event.begin,
            event.end,
            {event.entries.begin(), event.entries.end()},
            {event.deltas.begin(), event.deltas.end()},
            event.idle_ns,
            std::string(event.name)};
  }
};

// xorshift64*: the same sequence everywhere.
class TestRandom {
 public:
  explicit TestRandom(uint64_t seed) : state_(seed * 2 + 1) {}
  uint64_t Below(uint64_t bound) {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return (state_ * 0x2545f4914f6cdd1d >> 16) % bound;
  }

 private:
  uint64_t state_;
};

struct TestTrace {
  TraceHeader header;
  std::vector<OwnedEvent> events;
};

inline OwnedEvent RandomEpoch(TestRandom& random, uint64_t ram_pages) {
  OwnedEvent event;
  // Sometimes dense, sometimes so sparse that gaps need their wide form.
  const uint64_t stride = uint64_t{1} << random.Below(16);
  for (uint64_t page = random.Below(stride); page < ram_pages && event.entries.size() < 512;
       page += 1 + random.Below(stride)) {
    event.entries.push_back(
        MakeEntry(static_cast<uint32_t>(page), 1 + static_cast<uint32_t>(random.Below(7))));
  }
  return event;
}

inline OwnedEvent RandomAccesses(TestRandom& random, uint64_t ram_pages) {
  OwnedEvent event;
  event.kind = EventKind::kAccesses;
  const uint64_t count = 1 + (random.Below(4) == 0 ? random.Below(9000) : random.Below(300));
  const uint64_t spread = 1 + random.Below(ram_pages);
  const uint64_t step = uint64_t{1} << random.Below(32);
  for (uint64_t i = 0; i < count; ++i) {
    event.entries.push_back(MakeEntry(static_cast<uint32_t>(random.Below(spread)),
                                      1 + static_cast<uint32_t>(random.Below(7))));
    event.deltas.push_back(static_cast<uint32_t>(random.Below(step)));
  }
  return event;
}

inline TestTrace RandomTrace(uint64_t seed, StreamKind stream, size_t events) {
  TestRandom random(seed);
  TestTrace trace;
  trace.header.stream = stream;
  trace.header.ram_pages = 1 + random.Below(random.Below(2) == 0 ? 1 << 18 : kMaxRamPages);
  trace.header.vcpus = 1 + static_cast<uint32_t>(random.Below(5));
  trace.header.guest = "test guest";
  std::vector<uint64_t> clocks(trace.header.vcpus);
  for (size_t i = 0; i < events; ++i) {
    const auto vcpu = static_cast<uint16_t>(random.Below(trace.header.vcpus));
    const uint64_t kind = random.Below(10);
    OwnedEvent event;
    if (kind == 0) {
      event.kind = EventKind::kIdle;
      event.idle_ns = random.Below(1u << 30);
      event.begin = event.end = clocks[vcpu];
    } else if (kind == 1) {
      event.kind = EventKind::kMark;
      event.begin = event.end = clocks[vcpu] + random.Below(1000);
      event.name = std::string("phase ") + std::to_string(i);
    } else {
      event = stream == StreamKind::kEpochs ? RandomEpoch(random, trace.header.ram_pages)
                                            : RandomAccesses(random, trace.header.ram_pages);
      event.begin = clocks[vcpu] + (random.Below(3) == 0 ? random.Below(100000) : 0);
      event.end = event.begin + random.Below(1000000);
      if (stream == StreamKind::kAccesses) {
        event.end = event.begin;
        for (const uint32_t delta : event.deltas) event.end += delta;
      }
      clocks[vcpu] = event.end;
    }
    event.vcpu = vcpu;
    trace.events.push_back(std::move(event));
  }
  return trace;
}

inline std::string WriteTrace(const TestTrace& trace, size_t chunk_bytes = 4096) {
  std::string bytes;
  TraceWriter writer(CreateMemory(&bytes), {.chunk_bytes = chunk_bytes, .zstd_level = 1});
  EXPECT_TRUE(writer.Begin(trace.header).ok());
  for (const OwnedEvent& event : trace.events) {
    const absl::Status status = writer.Add(event.View());
    EXPECT_TRUE(status.ok()) << status;
  }
  EXPECT_TRUE(writer.Finish().ok());
  return bytes;
}

inline std::span<const uint8_t> AsBytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

struct ReadResult {
  absl::Status status;
  absl::Status damage;
  TraceHeader header;
  std::vector<OwnedEvent> events;
};

inline ReadResult ReadTrace(const std::string& bytes, OnDamage on_damage = OnDamage::kFail,
                            MemoryMode mode = MemoryMode::kPipe) {
  ReadResult result;
  auto reader = TraceReader::Open(OpenMemory(AsBytes(bytes), "test.uft", mode), on_damage);
  if (!reader.ok()) {
    result.status = reader.status();
    return result;
  }
  result.header = (*reader)->header();
  for (;;) {
    auto event = (*reader)->Next();
    if (!event.ok()) {
      result.status = event.status();
      break;
    }
    if (!event->has_value()) break;
    result.events.push_back(OwnedEvent::Of(**event));
  }
  result.damage = (*reader)->damage();
  return result;
}

// What the writer makes of events: accesses in blocks of at most kMaxBlockAccesses.
inline std::vector<OwnedEvent> InBlocks(const std::vector<OwnedEvent>& events) {
  std::vector<OwnedEvent> blocks;
  for (const OwnedEvent& event : events) {
    if (event.kind != EventKind::kAccesses) {
      blocks.push_back(event);
      continue;
    }
    uint64_t time = event.begin;
    for (size_t i = 0; i < event.entries.size(); i += uft::kMaxBlockAccesses) {
      const size_t end = std::min(i + uft::kMaxBlockAccesses, event.entries.size());
      OwnedEvent block;
      block.kind = event.kind;
      block.vcpu = event.vcpu;
      block.begin = time;
      for (size_t k = i; k < end; ++k) {
        block.entries.push_back(event.entries[k]);
        block.deltas.push_back(event.deltas[k]);
        time += event.deltas[k];
      }
      block.end = time;
      blocks.push_back(std::move(block));
    }
  }
  return blocks;
}

}  // namespace uffdsim
