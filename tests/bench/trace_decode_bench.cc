// How fast traces decode from the page cache, against the fastest loop that could consume them.
//
// Each benchmark reports entries per second. `consume` adds up entries that are already in memory;
// `decode` opens the file, decodes all of it and adds up too.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <string>
#include <vector>

#include "traces/reader.h"
#include "traces/writer.h"

namespace uffdsim {
namespace {

const std::string kSamples = std::string(UFFDSIM_SOURCE_DIR) + "/traces/samples/";

uint64_t Consume(const Event& event) {
  uint64_t sum = 0;
  for (const uint32_t entry : event.entries) sum += entry;
  for (const uint32_t delta : event.deltas) sum += delta;
  return sum;
}

void Decode(benchmark::State& state, const std::string& path) {
  uint64_t entries = 0;
  uint64_t sum = 0;
  for (auto _ : state) {
    auto reader = TraceReader::Open(path);
    if (!reader.ok()) {
      state.SkipWithError(std::string(reader.status().message()).c_str());
      break;
    }
    for (;;) {
      auto event = (*reader)->Next();
      if (!event.ok()) {
        state.SkipWithError(std::string(event.status().message()).c_str());
        return;
      }
      if (!event->has_value()) break;
      entries += (*event)->entries.size();
      sum += Consume(**event);
    }
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(static_cast<int64_t>(entries));
}

// An ordered stream with the shape of a program: mostly a hot set, a scan, some cold pages.
struct Stream {
  std::vector<uint32_t> entries;
  std::vector<uint32_t> deltas;
};

Stream MakeStream(size_t accesses, uint64_t ram_pages) {
  Stream stream;
  uint64_t state = 0x9e3779b97f4a7c15;
  uint64_t scan = 0;
  for (size_t i = 0; i < accesses; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const uint64_t random = state >> 33;
    uint64_t page = 0;
    if (random % 16 < 12) {
      page = 4096 + (random >> 4) % 512;
    } else if (random % 16 < 15) {
      page = scan++ / 64 % ram_pages;
    } else {
      page = (random >> 4) % ram_pages;
    }
    stream.entries.push_back(
        MakeEntry(static_cast<uint32_t>(page), 1 + static_cast<uint32_t>(random >> 20) % 7));
    stream.deltas.push_back(static_cast<uint32_t>((random >> 8) % 24));
  }
  return stream;
}

constexpr size_t kOrderedAccesses = 16 << 20;
constexpr uint64_t kOrderedPages = 1 << 18;

void DecodeOrdered(benchmark::State& state) {
  const std::string path =
      (std::filesystem::temp_directory_path() / "uffdsim_trace_decode_bench.uft").string();
  {
    const Stream stream = MakeStream(kOrderedAccesses, kOrderedPages);
    auto writer =
        TraceWriter::Create(path, {.chunk_bytes = uft::kDefaultChunkBytes, .zstd_level = 3});
    TraceHeader header;
    header.stream = StreamKind::kAccesses;
    header.ram_pages = kOrderedPages;
    Event event;
    event.kind = EventKind::kAccesses;
    event.entries = stream.entries;
    event.deltas = stream.deltas;
    event.end = UINT64_MAX;
    if (!writer.ok() || !(*writer)->Begin(header).ok() || !(*writer)->Add(event).ok() ||
        !(*writer)->Finish().ok()) {
      state.SkipWithError("cannot write the stream");
      return;
    }
  }
  state.counters["bytes_per_access"] =
      static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(kOrderedAccesses);
  Decode(state, path);
  std::filesystem::remove(path);
}

void ConsumeOrdered(benchmark::State& state) {
  const Stream stream = MakeStream(kOrderedAccesses, kOrderedPages);
  uint64_t sum = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < stream.entries.size(); i += uft::kMaxBlockAccesses) {
      Event event;
      event.entries = std::span(stream.entries).subspan(i, uft::kMaxBlockAccesses);
      event.deltas = std::span(stream.deltas).subspan(i, uft::kMaxBlockAccesses);
      sum += Consume(event);
    }
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kOrderedAccesses));
}

BENCHMARK(ConsumeOrdered)->Name("consume/ordered")->Unit(benchmark::kMillisecond);
BENCHMARK(DecodeOrdered)->Name("decode/ordered")->Unit(benchmark::kMillisecond);

void DecodeSample(benchmark::State& state, const char* name) {
  Decode(state, kSamples + name + ".uft");
}
BENCHMARK_CAPTURE(DecodeSample, boot, "boot")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(DecodeSample, memcached, "memcached")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(DecodeSample, pg, "pg")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(DecodeSample, redis, "redis")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(DecodeSample, sort, "sort")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(DecodeSample, sqlite, "sqlite")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace uffdsim
