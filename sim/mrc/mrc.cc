#include "sim/mrc/mrc.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sim/replay/quantity.h"
#include "traces/event.h"

namespace uffdsim {
namespace {

// Of the footprint, in percent: where policies are simulated unless sizes are named.
constexpr unsigned kPolicyPercents[] = {2, 5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100};

std::vector<std::string> SplitList(const std::string& text) {
  std::vector<std::string> pieces;
  for (const auto& piece : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    pieces.emplace_back(absl::StripAsciiWhitespace(piece));
  }
  return pieces;
}

// A piece that has a '=' but no ':' before it goes on with the parameters of the policy before.
std::vector<std::string> SplitPolicies(const std::string& text) {
  std::vector<std::string> policies;
  for (std::string& piece : SplitList(text)) {
    const bool parameter = piece.find('=') < piece.find(':');
    if (parameter && !policies.empty()) {
      absl::StrAppend(&policies.back(), ",", piece);
    } else {
      policies.push_back(std::move(piece));
    }
  }
  return policies;
}

std::uint64_t PagesOfPercent(std::uint64_t footprint, std::uint64_t percent) {
  return std::max<std::uint64_t>(1, footprint * percent / 100);
}

absl::StatusOr<std::uint64_t> ParseSize(const std::string& text, std::uint64_t footprint,
                                        std::uint64_t page_bytes) {
  absl::StatusOr<std::uint64_t> value;
  std::uint64_t pages = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pages);
  if (error == std::errc() && end == text.data() + text.size()) {
    value = pages;
  } else if (!text.empty() && text.back() == '%') {
    value = ParsePercent("sizes", text);
    // In millionths; footprints are below 2^32 pages, so the product fits.
    if (value.ok()) value = std::max<std::uint64_t>(1, footprint * *value / 1'000'000);
  } else {
    value = ParseBytes("sizes", text);
    if (value.ok()) value = *value / page_bytes;
  }
  if (!value.ok() || *value == 0 || *value > kMaxRamPages) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--sizes '", text,
        "': expected pages (1024), a share of the footprint (12.5%) or bytes (64MiB)"));
  }
  return value;
}

void MakeAscending(std::vector<std::uint64_t>* sizes) {
  std::sort(sizes->begin(), sizes->end());
  sizes->erase(std::unique(sizes->begin(), sizes->end()), sizes->end());
}

}  // namespace

absl::StatusOr<MrcConfig> ResolveMrc(const MrcOptions& options) {
  MrcConfig config;
  config.seed = options.seed;
  config.threads = options.threads;
  config.sizes = SplitList(options.sizes);
  for (const std::string& text : SplitPolicies(options.policies)) {
    absl::StatusOr<PolicyChoice> policy = ParsePolicy(text);
    if (!policy.ok()) return policy.status();
    // One pass gives LRU anyway.
    if (policy->row->name != "lru") config.policies.push_back(*std::move(policy));
  }
  if (!options.shards.empty()) {
    const absl::StatusOr<ShardsChoice> shards = ParseShards(options.shards);
    if (!shards.ok()) return shards.status();
    config.shards = *shards;
  }
  return config;
}

absl::StatusOr<MrcResult> RunMrc(const MrcConfig& config, const ReferenceString& references,
                                 std::function<void(std::size_t, std::size_t)> progress) {
  MrcResult result;
  result.references = references.pages.size();
  result.footprint_pages = references.footprint_pages;
  for (const std::string& text : config.sizes) {
    const absl::StatusOr<std::uint64_t> size =
        ParseSize(text, references.footprint_pages, 1ULL << references.header.page_shift);
    if (!size.ok()) return size.status();
    result.lru_sizes.push_back(*size);
  }
  if (config.sizes.empty()) {
    for (std::uint64_t percent = 1; percent <= 100; ++percent) {
      result.lru_sizes.push_back(PagesOfPercent(references.footprint_pages, percent));
    }
    for (const unsigned percent : kPolicyPercents) {
      result.policy_sizes.push_back(PagesOfPercent(references.footprint_pages, percent));
    }
  } else {
    result.policy_sizes = result.lru_sizes;
  }
  MakeAscending(&result.lru_sizes);
  MakeAscending(&result.policy_sizes);

  result.lru_misses = LruDistances(references.pages).MissesAt(result.lru_sizes);
  if (!references.ordered()) {
    const LruBounds bounds = EpochBounds(references);
    result.bounds =
        MrcResult::Bounds{bounds.least.MissesAt(result.lru_sizes),
                          bounds.greatest.MissesAt(result.lru_sizes), bounds.valid_from_pages};
  }
  if (config.shards) {
    result.shards = EstimateLru(references.pages, *config.shards, result.lru_sizes);
  }
  PolicyRuns runs;
  runs.policies = config.policies;
  runs.sizes = result.policy_sizes;
  runs.seed = config.seed;
  runs.threads = config.threads;
  runs.progress = std::move(progress);
  result.policies = SimulatePolicies(references, runs);
  return result;
}

}  // namespace uffdsim
