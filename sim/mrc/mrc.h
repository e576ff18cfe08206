// `uffdsim mrc`: what is asked, and the result as one JSON document and as a table for people.
//
// Rules:   sizes are pages, shares of the footprint or bytes; without any, LRU is given at each
//          percent of the footprint and other policies at thirteen sizes. What depends on the
//          machine (time, memory) stands under `machine` and nowhere else.
// Owned by: values. Errors: InvalidArgument with the option, the text and what was expected.
// Units:   pages of the trace; miss ratios per entry of the trace.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/mrc/lru_curve.h"
#include "sim/mrc/policy_curve.h"
#include "sim/mrc/shards.h"

namespace uffdsim {

struct MrcConfig {
  std::vector<PolicyChoice> policies;  // LRU's curve comes always and is no part of them
  std::vector<std::string> sizes;      // "1024", "12.5%" or "64MiB"; empty: the defaults
  std::optional<ShardsChoice> shards;
  std::uint64_t seed = 1;
  unsigned threads = 1;
};

// Texts as the command line has them: lists with commas; in a list of policies a comma also
// separates the parameters of one policy ("s3fifo:small=0.2,ghost=1,lru").
struct MrcOptions {
  std::string policies;
  std::string sizes;
  std::string shards;
  std::uint64_t seed = 1;
  unsigned threads = 1;
};
absl::StatusOr<MrcConfig> ResolveMrc(const MrcOptions& options);

struct MrcResult {
  std::uint64_t references = 0;
  std::uint64_t footprint_pages = 0;
  std::vector<std::uint64_t> lru_sizes;
  std::vector<std::uint64_t> lru_misses;
  // Epoch traces only: bounds of the guest's own LRU misses, from this size on.
  struct Bounds {
    std::vector<std::uint64_t> least;
    std::vector<std::uint64_t> greatest;
    std::uint64_t valid_from_pages = 0;
  };
  std::optional<Bounds> bounds;
  std::optional<ShardsCurve> shards;  // at lru_sizes
  std::vector<std::uint64_t> policy_sizes;
  std::vector<PolicyCurve> policies;
};

absl::StatusOr<MrcResult> RunMrc(const MrcConfig& config, const ReferenceString& references,
                                 std::function<void(std::size_t, std::size_t)> progress = nullptr);

struct MrcMachine {
  std::uint64_t wall_ns = 0;
  std::uint64_t cpu_ns = 0;
  std::uint64_t peak_rss_bytes = 0;
};

std::string MrcJson(const MrcResult& result, const MrcConfig& config,
                    const ReferenceString& references, const MrcMachine& machine);
std::string MrcTable(const MrcResult& result, const ReferenceString& references);

}  // namespace uffdsim
