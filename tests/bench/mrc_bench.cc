// How fast miss-ratio curves are: references a second of one pass over all sizes.
//
// Zipf(1.0) over a million and ten million pages, as in policy_bench.cc. `sizes` counts how many
// points of the curve one pass gives; the baseline simulates LRU once per size, for 16 sizes.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "model/base/rng.h"
#include "sim/mrc/lru_curve.h"
#include "sim/mrc/shards.h"
#include "sim/vmm/policy/registry.h"

namespace uffdsim {
namespace {

constexpr std::size_t kLength = 20'000'000;
constexpr std::uint64_t kSizes = 16;

std::vector<PageId> Zipf(std::uint32_t page_count) {
  Rng rng(1);
  std::vector<double> sums(page_count);
  double sum = 0;
  for (std::uint32_t i = 0; i < page_count; ++i) sums[i] = sum += 1.0 / (i + 1);
  std::vector<PageId> numbers(page_count);
  std::iota(numbers.begin(), numbers.end(), PageId{0});
  for (std::uint32_t i = page_count; i > 1; --i) std::swap(numbers[i - 1], numbers[rng.Below(i)]);
  std::vector<PageId> pages;
  pages.reserve(kLength);
  for (std::size_t i = 0; i < kLength; ++i) {
    const double draw = std::ldexp(static_cast<double>(rng.Next() >> 11), -53) * sum;
    const auto rank = std::lower_bound(sums.begin(), sums.end(), draw) - sums.begin();
    pages.push_back(numbers[static_cast<std::size_t>(rank)]);
  }
  return pages;
}

const std::vector<PageId>& Shared(std::uint32_t page_count) {
  static const std::vector<PageId> small = Zipf(1'000'000);
  static const std::vector<PageId> large = Zipf(10'000'000);
  return page_count == 1'000'000 ? small : large;
}

std::vector<std::uint64_t> Sizes(std::uint32_t page_count) {
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t i = 1; i <= kSizes; ++i) sizes.push_back(page_count * i / (4 * kSizes));
  return sizes;
}

// One item is one reference of a whole curve.
void BM_MrcOnePass(benchmark::State& state) {
  const auto page_count = static_cast<std::uint32_t>(state.range(0));
  const std::vector<PageId>& pages = Shared(page_count);
  std::uint64_t misses = 0;
  for (auto _ : state) misses = LruDistances(pages).MissesAt(Sizes(page_count))[kSizes / 2];
  state.SetItemsProcessed(static_cast<std::int64_t>(kLength) * state.iterations());
  state.counters["miss_ratio"] = static_cast<double>(misses) / kLength;
}

void BM_MrcPerSize(benchmark::State& state) {
  const auto page_count = static_cast<std::uint32_t>(state.range(0));
  const std::vector<PageId>& pages = Shared(page_count);
  const std::vector<std::uint64_t> sizes = Sizes(page_count);
  std::vector<std::uint64_t> misses(sizes.size());
  for (auto _ : state) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      PolicySetting setting;
      setting.page_count = page_count;
      setting.capacity = sizes[i];
      misses[i] = MakePolicy(*ParsePolicy("lru"), setting)->OnAccesses(pages);
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(kLength) * state.iterations());
  state.counters["miss_ratio"] = static_cast<double>(misses[kSizes / 2]) / kLength;
}

void BM_MrcShards(benchmark::State& state) {
  const auto page_count = static_cast<std::uint32_t>(state.range(0));
  const std::vector<PageId>& pages = Shared(page_count);
  ShardsCurve curve;
  for (auto _ : state) curve = EstimateLru(pages, *ParseShards("0.01"), Sizes(page_count));
  state.SetItemsProcessed(static_cast<std::int64_t>(kLength) * state.iterations());
  state.counters["miss_ratio"] = curve.miss_ratios[kSizes / 2];
}

constexpr std::int64_t kSmall = 1'000'000;
constexpr std::int64_t kLarge = 10'000'000;
BENCHMARK(BM_MrcOnePass)->Arg(kSmall)->Arg(kLarge)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_MrcShards)->Arg(kSmall)->Arg(kLarge)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_MrcPerSize)->Arg(kSmall)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace uffdsim
