// How many references per second each policy takes under demand paging, and its bytes per page.
//
// References are independent with Zipf(1.0) popularity, page numbers shuffled, memory a tenth of
// the pages: the setting in which the best existing simulator does 2 to 10 million a second. One
// item is one reference; `miss_ratio` is there so that a change of behaviour shows.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <list>
#include <numeric>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/base/check.h"
#include "model/base/rng.h"
#include "sim/vmm/policy/registry.h"

namespace uffdsim {
namespace {

struct References {
  std::vector<PageId> pages;
  std::uint32_t page_count = 0;
};

References Zipf(std::uint32_t page_count, std::size_t length) {
  Rng rng(1);
  std::vector<double> sums(page_count);
  double sum = 0;
  for (std::uint32_t i = 0; i < page_count; ++i) sums[i] = sum += 1.0 / (i + 1);
  std::vector<PageId> numbers(page_count);
  std::iota(numbers.begin(), numbers.end(), PageId{0});
  for (std::uint32_t i = page_count; i > 1; --i) std::swap(numbers[i - 1], numbers[rng.Below(i)]);

  References references;
  references.page_count = page_count;
  references.pages.reserve(length);
  for (std::size_t i = 0; i < length; ++i) {
    const double draw = std::ldexp(static_cast<double>(rng.Next() >> 11), -53) * sum;
    const auto rank = std::lower_bound(sums.begin(), sums.end(), draw) - sums.begin();
    references.pages.push_back(numbers[static_cast<std::size_t>(rank)]);
  }
  return references;
}

// Made once: drawing takes longer than most policies.
const References& Shared(std::uint32_t page_count) {
  constexpr std::size_t kLength = 20'000'000;
  static const References small = Zipf(1'000'000, kLength);
  static const References large = Zipf(10'000'000, kLength);
  return page_count == small.page_count ? small : large;
}

// Only reads the references: what a run can be at most.
void BM_PolicyReadOnly(benchmark::State& state) {
  const References& references = Shared(static_cast<std::uint32_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        std::accumulate(references.pages.begin(), references.pages.end(), std::uint64_t{0}));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(references.pages.size()) * state.iterations());
}

// LRU as most cache simulators have it: a hash table of list nodes.
void BM_PolicyHashedLru(benchmark::State& state) {
  const References& references = Shared(static_cast<std::uint32_t>(state.range(0)));
  const std::size_t capacity = references.page_count / 10;
  std::uint64_t misses = 0;
  for (auto _ : state) {
    std::list<PageId> recency;
    std::unordered_map<PageId, std::list<PageId>::iterator> resident;
    resident.reserve(capacity);
    misses = 0;
    for (const PageId page : references.pages) {
      const auto found = resident.find(page);
      if (found != resident.end()) {
        recency.splice(recency.begin(), recency, found->second);
        continue;
      }
      ++misses;
      if (resident.size() == capacity) {
        resident.erase(recency.back());
        recency.pop_back();
      }
      recency.push_front(page);
      resident.emplace(page, recency.begin());
    }
  }
  const double length = static_cast<double>(references.pages.size());
  state.SetItemsProcessed(static_cast<std::int64_t>(references.pages.size()) * state.iterations());
  state.counters["miss_ratio"] = static_cast<double>(misses) / length;
}

void BM_Policy(benchmark::State& state, const PolicyRow* row) {
  const References& references = Shared(static_cast<std::uint32_t>(state.range(0)));
  PolicySetting setting;
  setting.page_count = references.page_count;
  setting.capacity = references.page_count / 10;
  std::vector<std::uint32_t> next_use;
  if (row->needs == PolicyNeeds::kFuture) {
    next_use = NextUses(references.pages, references.page_count);
    setting.next_use = next_use;
  }
  std::uint64_t misses = 0;
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    const std::unique_ptr<Policy> policy = MakePolicy(*ParsePolicy(row->name), setting);
    misses = policy->OnAccesses(references.pages);
    bytes = policy->MemoryBytes();
  }
  const double length = static_cast<double>(references.pages.size());
  state.SetItemsProcessed(static_cast<std::int64_t>(references.pages.size()) * state.iterations());
  state.counters["bytes_per_page"] = static_cast<double>(bytes) / references.page_count;
  state.counters["miss_ratio"] = static_cast<double>(misses) / length;
}

constexpr std::string_view kWithGoal[] = {
#define POLICY_GOAL(name, at_least, most_bytes, sentence) name,
#include "tests/bench/policy_goals.def"
};

[[maybe_unused]] const bool kRegistered = [] {
  for (const std::int64_t pages : {1'000'000, 10'000'000}) {
    benchmark::RegisterBenchmark("BM_PolicyReadOnly", BM_PolicyReadOnly)->Arg(pages);
    benchmark::RegisterBenchmark("BM_PolicyHashedLru", BM_PolicyHashedLru)
        ->Arg(pages)
        ->Iterations(1)
        ->Unit(benchmark::kMillisecond);
    for (const PolicyRow& row : Policies()) {
      // Each has a row in policy_goals.def.
      UFFDSIM_CHECK(std::count(std::begin(kWithGoal), std::end(kWithGoal), row.name) == 1);
      const std::string name = "BM_Policy/" + std::string(row.name);
      benchmark::RegisterBenchmark(name.c_str(), BM_Policy, &row)
          ->Arg(pages)
          ->Iterations(1)
          ->Unit(benchmark::kMillisecond);
    }
  }
  return true;
}();

}  // namespace
}  // namespace uffdsim
