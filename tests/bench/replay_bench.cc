// How fast is replay, against a bare page walk over the same addresses; how much memory does a
// guest page cost; does the cost grow linearly with accesses and with pages?
//
// Traces are decoded before the clock starts; bench/trace_decode measures that part.
#include <benchmark/benchmark.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "sim/replay/replay.h"
#include "workloads/workload.h"

namespace uffdsim {
namespace {

const std::string kSamples = std::string(UFFDSIM_SOURCE_DIR) + "/traces/samples/";

// A decoded trace that can be replayed again and again.
class Decoded final : public EventStream {
 public:
  template <class Source>
  explicit Decoded(Source& source) : header_(source.header()) {}

  void Keep(const Event& event) {
    events_.push_back(event);
    entries_.emplace_back(event.entries.begin(), event.entries.end());
    deltas_.emplace_back(event.deltas.begin(), event.deltas.end());
    accesses_ += event.entries.size();
  }
  void Rewind() { next_ = 0; }
  std::uint64_t accesses() const { return accesses_; }

  const TraceHeader& header() const override { return header_; }
  absl::StatusOr<std::optional<Event>> Next() override {
    if (next_ == events_.size()) return std::nullopt;
    Event event = events_[next_];
    event.entries = entries_[next_];
    event.deltas = deltas_[next_];
    ++next_;
    return event;
  }

 private:
  TraceHeader header_;
  std::vector<Event> events_;
  std::vector<std::vector<std::uint32_t>> entries_;
  std::vector<std::vector<std::uint32_t>> deltas_;
  std::uint64_t accesses_ = 0;
  std::size_t next_ = 0;
};

std::unique_ptr<Decoded> DecodeSample(const std::string& name) {
  absl::StatusOr<std::unique_ptr<TraceReader>> reader = TraceReader::Open(kSamples + name + ".uft");
  if (!reader.ok()) return nullptr;
  auto decoded = std::make_unique<Decoded>(**reader);
  for (;;) {
    absl::StatusOr<std::optional<Event>> event = (*reader)->Next();
    if (!event.ok()) return nullptr;
    if (!event->has_value()) return decoded;
    decoded->Keep(**event);
  }
}

std::unique_ptr<Decoded> DecodeWorkload(const char* name, const WorkloadSetting& setting) {
  WorkloadEvents events(*FindWorkload(name), setting);
  auto decoded = std::make_unique<Decoded>(events);
  while (std::optional<Event> event = events.Next()) decoded->Keep(*event);
  return decoded;
}

// A workload that is made while it is replayed, for streams that do not fit into memory.
class Generated final : public EventStream {
 public:
  Generated(const char* name, const WorkloadSetting& setting)
      : events_(*FindWorkload(name), setting) {}
  const TraceHeader& header() const override { return events_.header(); }
  absl::StatusOr<std::optional<Event>> Next() override { return events_.Next(); }

 private:
  WorkloadEvents events_;
};

ReplayConfig ConfigWith(const std::string& dram, const std::string& tracker,
                        const std::string& interval = "50ms") {
  ReplayOptions options;
  options.dram = dram;
  options.interval = interval;
  options.tracker = tracker;
  return *ResolveReplay(options, "");
}

// --- the baseline: four levels, one accessed bit, nothing else
// -------------------------------------

class BareTable {
 public:
  BareTable() : nodes_(1) {}

  // Walks as the hardware does and sets the accessed bit of the leaf.
  bool Touch(std::uint64_t vpn) {
    std::uint32_t node = 0;
    for (int level = 3; level > 0; --level) {
      node = static_cast<std::uint32_t>(nodes_[node].slot[Index(level, vpn)]);
      if (node == 0) return false;
    }
    std::uint64_t& leaf = nodes_[node].slot[Index(0, vpn)];
    leaf |= kAccessed;
    return (leaf & kPresent) != 0;
  }
  void Map(std::uint64_t vpn) {
    std::uint32_t node = 0;
    for (int level = 3; level > 0; --level) {
      std::uint64_t next = nodes_[node].slot[Index(level, vpn)];
      if (next == 0) {
        next = nodes_.size();
        nodes_[node].slot[Index(level, vpn)] = next;
        nodes_.emplace_back();
      }
      node = static_cast<std::uint32_t>(next);
    }
    nodes_[node].slot[Index(0, vpn)] = kPresent;
  }

 private:
  static constexpr std::uint64_t kPresent = 1;
  static constexpr std::uint64_t kAccessed = 32;
  struct Node {
    std::uint64_t slot[512] = {};
  };
  static std::size_t Index(int level, std::uint64_t vpn) { return (vpn >> (9 * level)) & 511; }
  std::vector<Node> nodes_;
};

void BareWalk(benchmark::State& state, std::unique_ptr<Decoded> trace) {
  if (!trace) return state.SkipWithError("cannot read the trace");
  BareTable table;
  for (std::uint64_t page = 0; page < trace->header().ram_pages; ++page) table.Map(page);
  std::uint64_t hits = 0;
  for (auto _ : state) {
    trace->Rewind();
    while (auto event = *trace->Next()) {
      for (const std::uint32_t entry : event->entries)
        hits += table.Touch(EntryPage(entry)) ? 1 : 0;
    }
  }
  benchmark::DoNotOptimize(hits);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(trace->accesses()));
}

void ReplayOf(benchmark::State& state, std::unique_ptr<Decoded> trace, const ReplayConfig& config) {
  if (!trace) return state.SkipWithError("cannot read the trace");
  ReplayMetrics metrics;
  for (auto _ : state) {
    trace->Rewind();
    const absl::StatusOr<ReplayResult> result = RunReplay(config, *trace, 0);
    if (!result.ok()) return state.SkipWithError(std::string(result.status().message()).c_str());
    metrics = result->metrics;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(trace->accesses()));
  state.counters["faults"] = static_cast<double>(metrics.faults_rwp_async + metrics.faults_missing);
  state.counters["lost_updates"] = static_cast<double>(metrics.lost_updates);
}

// Mostly hits, as an unfiltered guest: ten nanoseconds from touch to touch.
WorkloadSetting Hot(std::uint32_t pages, std::uint64_t accesses) {
  WorkloadSetting setting;
  setting.pages = pages;
  setting.accesses = accesses;
  setting.instructions_per_access = 30;
  return setting;
}

void BM_BareWalkRedis(benchmark::State& state) { BareWalk(state, DecodeSample("redis")); }
void BM_ReplayRedisRwp(benchmark::State& state) {
  ReplayOf(state, DecodeSample("redis"), ConfigWith("all", "rwp"));
}
void BM_ReplayRedisOracle(benchmark::State& state) {
  ReplayOf(state, DecodeSample("redis"), ConfigWith("all", "oracle"));
}
void BM_ReplayRedisHalf(benchmark::State& state) {
  ReplayOf(state, DecodeSample("redis"), ConfigWith("80MiB", "rwp"));
}
void BM_BareWalkZipf(benchmark::State& state) {
  BareWalk(state, DecodeWorkload("zipf", Hot(1 << 16, 64'000'000)));
}
void BM_ReplayZipfRwp(benchmark::State& state) {
  ReplayOf(state, DecodeWorkload("zipf", Hot(1 << 16, 64'000'000)), ConfigWith("all", "rwp", "1s"));
}
BENCHMARK(BM_BareWalkRedis)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ReplayRedisRwp)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ReplayRedisOracle)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ReplayRedisHalf)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_BareWalkZipf)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ReplayZipfRwp)->Unit(benchmark::kMillisecond);

// --- linear growth
// -----------------------------------------------------------------------------------

void BM_GrowAccesses(benchmark::State& state) {
  ReplayOf(state, DecodeWorkload("zipf", Hot(1 << 14, static_cast<std::uint64_t>(state.range(0)))),
           ConfigWith("all", "rwp", "1s"));
}
BENCHMARK(BM_GrowAccesses)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Arg(10'000'000)
    ->Arg(100'000'000)
    ->Unit(benchmark::kMillisecond);

// Sixteen touches of each page: most of the work belongs to pages.
void BM_GrowPages(benchmark::State& state) {
  const auto pages = static_cast<std::uint32_t>(state.range(0));
  ReplayOf(state, DecodeWorkload("scan", Hot(pages, std::uint64_t{pages} * 16)),
           ConfigWith("all", "rwp", "10s"));
}
BENCHMARK(BM_GrowPages)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Unit(benchmark::kMillisecond);

// --- memory
// --------------------------------------------------------------------------------------------

std::uint64_t PeakKib() {
  std::FILE* file = std::fopen("/proc/self/status", "r");
  char line[256];
  unsigned long kib = 0;
  while (std::fgets(line, sizeof(line), file) != nullptr) {
    if (std::sscanf(line, "VmHWM: %lu", &kib) == 1) break;
  }
  std::fclose(file);
  return kib;
}

void ForgetPeak() {
  std::FILE* file = std::fopen("/proc/self/clear_refs", "w");
  if (file == nullptr) return;
  std::fputs("5", file);
  std::fclose(file);
}

// The growth of this process's peak memory over one replay, in a process of its own.
std::uint64_t PeakBytesOf(const char* workload, const WorkloadSetting& setting,
                          const ReplayConfig& config) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    ForgetPeak();
    const std::uint64_t before = PeakKib();
    Generated stream(workload, setting);
    const absl::StatusOr<ReplayResult> result = RunReplay(config, stream, 0);
    std::uint64_t bytes = result.ok() ? (PeakKib() - before) * 1024 : 0;
    if (write(ends[1], &bytes, sizeof(bytes)) != sizeof(bytes)) _exit(1);
    _exit(0);
  }
  std::uint64_t bytes = 0;
  if (read(ends[0], &bytes, sizeof(bytes)) != sizeof(bytes)) bytes = 0;
  close(ends[0]);
  close(ends[1]);
  waitpid(child, nullptr, 0);
  return bytes;
}

// All pages resident.
void BM_BytesPerResidentPage(benchmark::State& state) {
  constexpr std::uint32_t kPages = 1 << 20;
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    bytes = PeakBytesOf("scan", Hot(kPages, kPages), ConfigWith("all", "rwp"));
  }
  state.counters["bytes_per_page"] = static_cast<double>(bytes) / kPages;
}

// 1/64 of the pages resident, all of them touched and written out once.
void BM_BytesPerEvictedPage(benchmark::State& state) {
  constexpr std::uint32_t kPages = 1 << 22;
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    bytes = PeakBytesOf("scan", Hot(kPages, kPages), ConfigWith("256MiB", "rwp"));
  }
  const double resident = 65536.0 * 64;
  state.counters["bytes_per_page"] = (static_cast<double>(bytes) - resident) / (kPages - 65536);
}

// 64 GiB: 16 M pages, all that are touched stay resident.
void BM_Guest64GiB(benchmark::State& state) {
  constexpr std::uint32_t kPages = 1 << 24;
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    bytes = PeakBytesOf("zipf", Hot(kPages, 50'000'000), ConfigWith("all", "rwp", "10s"));
  }
  state.counters["peak_mib"] = static_cast<double>(bytes) / (1 << 20);
}
BENCHMARK(BM_BytesPerResidentPage)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(BM_BytesPerEvictedPage)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(BM_Guest64GiB)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace uffdsim
