// LRU miss-ratio curves from a sample of the pages.
//
// Mirrors: Waldspurger et al., Efficient MRC construction with SHARDS (FAST 2015), with the paper's
//          correction for the size of the sample (SHARDS-adj). A page is sampled when its hash is
//          below a threshold, so a sampled page is seen at every reference; distances are scaled by
//          the rate. With a fixed size, the sampled page of the largest hash is dropped whenever
//          there are too many, and the threshold goes down to its hash.
// Owned by: values. Errors: InvalidArgument for a text that is neither a rate nor a size.
// Units:   pages; the rate is a share of 2^24.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/vmm/policy/policy.h"

namespace uffdsim {

inline constexpr std::uint32_t kShardsModulus = std::uint32_t{1} << 24;

struct ShardsChoice {
  std::uint32_t threshold = kShardsModulus;  // of the first sampled page: rate x 2^24
  std::uint64_t most_pages = 0;              // a fixed size; 0: a fixed rate
};

// "0.01" is a rate (above 0, at most 1), "8192" a number of pages (2 or more).
absl::StatusOr<ShardsChoice> ParseShards(std::string_view text);

struct ShardsCurve {
  std::vector<double> miss_ratios;  // one per size, in [0, 1]
  std::uint64_t sampled_references = 0;
  std::uint64_t sampled_pages_max = 0;  // at once: what the method keeps in memory
  double final_rate = 0;
};

ShardsCurve EstimateLru(std::span<const PageId> pages, const ShardsChoice& choice,
                        std::span<const std::uint64_t> sizes);

}  // namespace uffdsim
