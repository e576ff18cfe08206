#include "sim/mrc/shards.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <queue>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "sim/mrc/recency_stack.h"

namespace uffdsim {
namespace {

// A hash of 24 bits; the mixer is splitmix64's.
std::uint32_t HashOf(PageId page) {
  std::uint64_t z = page + 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return static_cast<std::uint32_t>((z ^ (z >> 31)) >> 40);
}

// Weight of references by scaled distance. Distances beyond the largest size asked for are one.
class WeightedHistogram {
 public:
  explicit WeightedHistogram(std::uint64_t largest) : weights_(largest + 1) {}

  void Add(double distance, double weight) {
    const double last = static_cast<double>(weights_.size() - 1);
    weights_[static_cast<std::size_t>(std::min(distance, last))] += weight;
  }

  // `references` is what the weights should add up to. A difference comes from the few pages that
  // are touched all the time being in the sample or not, so it is laid to distance 0: a hit at
  // every size, which leaves only the divisor to correct.
  std::vector<double> MissRatios(std::span<const std::uint64_t> sizes, double references) const {
    std::vector<double> from(weights_.size() + 1);
    for (std::size_t d = weights_.size(); d-- > 0;) from[d] = from[d + 1] + weights_[d];
    std::vector<double> ratios;
    ratios.reserve(sizes.size());
    for (const std::uint64_t size : sizes) {
      ratios.push_back(std::min(from[size] / references, 1.0));
    }
    return ratios;
  }

 private:
  std::vector<double> weights_;
};

// The sampled pages, each with a small number of its own.
class Sample {
 public:
  explicit Sample(const ShardsChoice& choice)
      : threshold_(choice.threshold), most_pages_(choice.most_pages) {}

  std::uint32_t threshold() const { return threshold_; }
  std::uint64_t largest() const { return largest_; }

  // Distance in the sample, or RecencyStack::kCold.
  std::uint64_t Touch(PageId page, std::uint32_t hash) {
    const auto [at, fresh] = numbers_.try_emplace(page, 0);
    if (fresh) {
      at->second = TakeNumber();
      if (most_pages_ != 0) by_hash_.emplace(hash, page);
    }
    const std::uint64_t distance = stack_.Touch(at->second);
    if (most_pages_ != 0 && numbers_.size() > most_pages_) Shrink();
    largest_ = std::max<std::uint64_t>(largest_, numbers_.size());
    return distance;
  }

 private:
  std::uint32_t TakeNumber() {
    if (free_.empty()) return next_number_++;
    const std::uint32_t number = free_.back();
    free_.pop_back();
    return number;
  }

  void Shrink() {
    threshold_ = by_hash_.top().first;
    while (!by_hash_.empty() && by_hash_.top().first >= threshold_) {
      const auto at = numbers_.find(by_hash_.top().second);
      stack_.Remove(at->second);
      free_.push_back(at->second);
      numbers_.erase(at);
      by_hash_.pop();
    }
  }

  std::uint32_t threshold_;
  std::uint64_t most_pages_;
  absl::flat_hash_map<PageId, std::uint32_t> numbers_;  // looked up only
  std::priority_queue<std::pair<std::uint32_t, PageId>> by_hash_;
  std::vector<std::uint32_t> free_;
  std::uint32_t next_number_ = 0;
  RecencyStack stack_;
  std::uint64_t largest_ = 0;
};

}  // namespace

absl::StatusOr<ShardsChoice> ParseShards(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool number = error == std::errc() && end == text.data() + text.size();
  const bool rate = number && value > 0 && value <= 1;
  const bool size = number && value >= 2 && value <= 1e9 && value == std::floor(value);
  if (!rate && !size) {
    return absl::InvalidArgumentError(
        absl::StrCat("--shards '", std::string(text),
                     "': expected a rate above 0 and up to 1, or a whole number of pages from 2"));
  }
  ShardsChoice choice;
  if (size) {
    choice.most_pages = static_cast<std::uint64_t>(value);
  } else {
    choice.threshold = std::max(1U, static_cast<std::uint32_t>(value * kShardsModulus));
  }
  return choice;
}

ShardsCurve EstimateLru(std::span<const PageId> pages, const ShardsChoice& choice,
                        std::span<const std::uint64_t> sizes) {
  const std::uint64_t largest = sizes.empty() ? 0 : *std::max_element(sizes.begin(), sizes.end());
  WeightedHistogram histogram(largest);
  Sample sample(choice);
  ShardsCurve curve;
  for (const PageId page : pages) {
    const std::uint32_t hash = HashOf(page);
    if (hash >= sample.threshold()) continue;
    ++curve.sampled_references;
    const double scale = static_cast<double>(kShardsModulus) / sample.threshold();
    const std::uint64_t distance = sample.Touch(page, hash);
    const double scaled = distance == RecencyStack::kCold ? static_cast<double>(largest)
                                                          : static_cast<double>(distance) * scale;
    histogram.Add(scaled, scale);
  }
  curve.miss_ratios = histogram.MissRatios(sizes, static_cast<double>(pages.size()));
  curve.sampled_pages_max = sample.largest();
  curve.final_rate = static_cast<double>(sample.threshold()) / kShardsModulus;
  return curve;
}

}  // namespace uffdsim
