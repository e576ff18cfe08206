#include "sim/mrc/lru_curve.h"

#include <algorithm>

#include "model/base/check.h"
#include "sim/mrc/recency_stack.h"

namespace uffdsim {
namespace {

// Pages by the epoch that touched them last: how many of them in a suffix of epochs.
class LastEpochs {
 public:
  explicit LastEpochs(std::size_t epochs) : tree_(epochs + 1) {}

  void Add(std::size_t epoch) {
    ++all_;
    for (std::size_t i = epoch + 1; i < tree_.size(); i += i & (0 - i)) ++tree_[i];
  }
  void Remove(std::size_t epoch) {
    --all_;
    for (std::size_t i = epoch + 1; i < tree_.size(); i += i & (0 - i)) --tree_[i];
  }
  std::uint64_t From(std::size_t epoch) const {
    std::uint64_t before = 0;
    for (std::size_t i = epoch; i > 0; i &= i - 1) before += tree_[i];
    return all_ - before;
  }

 private:
  std::vector<std::uint64_t> tree_;
  std::uint64_t all_ = 0;
};

}  // namespace

std::vector<std::uint64_t> DistanceHistogram::MissesAt(std::span<const std::uint64_t> sizes) const {
  // Misses at C: the cold ones and every distance from C on.
  std::vector<std::uint64_t> from(counts_.size() + 1, cold_);
  for (std::size_t d = counts_.size(); d-- > 0;) from[d] = from[d + 1] + counts_[d];
  std::vector<std::uint64_t> misses;
  misses.reserve(sizes.size());
  for (const std::uint64_t size : sizes) {
    misses.push_back(from[std::min<std::uint64_t>(size, counts_.size())]);
  }
  return misses;
}

DistanceHistogram LruDistances(std::span<const PageId> pages) {
  DistanceHistogram histogram;
  RecencyStack stack;
  constexpr std::size_t kSlotAhead = 24;
  constexpr std::size_t kBlockAhead = 12;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    if (i + kSlotAhead < pages.size()) {
      stack.PrefetchSlot(pages[i + kSlotAhead]);
      stack.PrefetchBlock(pages[i + kBlockAhead]);
    }
    const std::uint64_t distance = stack.Touch(pages[i]);
    if (distance == RecencyStack::kCold) {
      histogram.AddCold();
    } else {
      histogram.Add(distance);
    }
  }
  return histogram;
}

LruBounds EpochBounds(const ReferenceString& references) {
  UFFDSIM_CHECK(!references.ordered());
  constexpr std::uint32_t kNever = ~std::uint32_t{0};
  LruBounds bounds;
  LastEpochs last_epochs(references.epochs());
  std::vector<std::uint32_t> last(references.page_count, kNever);
  std::vector<std::uint32_t> earlier;  // last epochs of the pages of this one, ascending
  for (std::size_t e = 0; e < references.epochs(); ++e) {
    const std::span<const PageId> pages = references.Epoch(e);
    bounds.valid_from_pages = std::max<std::uint64_t>(bounds.valid_from_pages, pages.size());
    earlier.clear();
    for (const PageId page : pages) earlier.push_back(last[page]);
    std::sort(earlier.begin(), earlier.end());  // those never seen come last
    const auto never = static_cast<std::uint64_t>(
        earlier.end() - std::lower_bound(earlier.begin(), earlier.end(), kNever));
    for (const PageId page : pages) {
      if (last[page] == kNever) {
        bounds.least.AddCold();
        bounds.greatest.AddCold();
        continue;
      }
      const auto older = static_cast<std::uint64_t>(
          std::lower_bound(earlier.begin(), earlier.end(), last[page]) - earlier.begin());
      bounds.least.Add(last_epochs.From(std::size_t{last[page]} + 1));
      // The pages of both epochs and all between, less this one.
      bounds.greatest.Add(last_epochs.From(last[page]) + older + never - 1);
    }
    for (const PageId page : pages) {
      if (last[page] != kNever) last_epochs.Remove(last[page]);
      last[page] = static_cast<std::uint32_t>(e);
      last_epochs.Add(e);
    }
  }
  return bounds;
}

}  // namespace uffdsim
