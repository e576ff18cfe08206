// LFU: evict the page with the fewest references since it came in; among equals the first to get
// there.
//
// Mirrors: the in-cache form (counts are forgotten on eviction) with ties in FIFO order, as in
// libCacheSim. One list holds all pages from the rarest (back) to the most frequent (front); pages
// of one frequency are neighbours, and a bucket remembers the newest of them: constant time per
// reference.
#include <vector>

#include "model/base/lazy_array.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_lists.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class LfuCore : public PolicyCoreDefaults {
 public:
  explicit LfuCore(const PolicySetting& setting)
      : order_(setting.page_count, 1), bucket_of_(setting.page_count), buckets_(1) {}

  bool Resident(PageId page) const { return bucket_of_[page] != kNone; }
  void Prefetch(PageId page) const {
    __builtin_prefetch(bucket_of_.data() + page, 1);
    order_.Prefetch(page);
  }

  void Hit(PageId page) {
    const std::uint32_t at = bucket_of_[page];
    const std::uint32_t above = buckets_[at].above;
    const std::uint64_t frequency = buckets_[at].frequency + 1;
    const bool exists = above != kNone && buckets_[above].frequency == frequency;
    if (buckets_[at].pages == 1 && !exists) {
      buckets_[at].frequency = frequency;  // alone: the bucket moves up with its page
      return;
    }
    const std::uint32_t to = exists ? above : NewBucket(frequency, at);
    // A new bucket begins where the old one ends.
    const PageId place = exists ? buckets_[to].newest : buckets_[at].newest;
    if (place != page) {
      Unlink(page);
      order_.InsertNewer(kOrder, place, page);
    } else {
      // The newest of its bucket is already where a new bucket begins.
      buckets_[at].newest = order_.Older(page);
      --buckets_[at].pages;
    }
    Join(to, page);
  }

  void Insert(PageId page) {
    const bool exists = lowest_ != kNone && buckets_[lowest_].frequency == 1;
    const std::uint32_t to = exists ? lowest_ : NewBucket(1, kNone);
    if (exists) {
      order_.InsertNewer(kOrder, buckets_[to].newest, page);
    } else {
      order_.PushBack(kOrder, page);
    }
    Join(to, page);
  }

  PageId Evict(PageId) {
    const PageId victim = order_.Back(kOrder);
    Remove(victim);
    return victim;
  }

  void Remove(PageId page) {
    Unlink(page);
    bucket_of_[page] = kNone;
  }

  std::uint64_t Bytes() const {
    return order_.Bytes() + bucket_of_.size() * sizeof(std::uint32_t) +
           buckets_.capacity() * sizeof(Bucket);
  }

 private:
  static constexpr PageLists::List kOrder = 0;
  static constexpr std::uint32_t kNone = 0;  // bucket 0 is never used

  struct Bucket {
    std::uint64_t frequency = 0;
    std::uint64_t pages = 0;
    PageId newest = kNoPage;      // the last to reach this frequency
    std::uint32_t above = kNone;  // the bucket of the next higher frequency
    std::uint32_t below = kNone;
  };

  void Join(std::uint32_t bucket, PageId page) {
    bucket_of_[page] = bucket;
    buckets_[bucket].newest = page;
    ++buckets_[bucket].pages;
  }

  // Takes the page out of the order and its bucket; an empty bucket goes.
  void Unlink(PageId page) {
    const std::uint32_t at = bucket_of_[page];
    Bucket& bucket = buckets_[at];
    if (bucket.newest == page) bucket.newest = order_.Older(page);
    order_.Remove(kOrder, page);
    if (--bucket.pages > 0) return;
    (bucket.below == kNone ? lowest_ : buckets_[bucket.below].above) = bucket.above;
    if (bucket.above != kNone) buckets_[bucket.above].below = bucket.below;
    free_.push_back(at);
  }

  // An empty bucket above `below` (kNone: the lowest of all).
  std::uint32_t NewBucket(std::uint64_t frequency, std::uint32_t below) {
    std::uint32_t bucket = static_cast<std::uint32_t>(buckets_.size());
    if (free_.empty()) {
      buckets_.emplace_back();
    } else {
      bucket = free_.back();
      free_.pop_back();
    }
    std::uint32_t& link = below == kNone ? lowest_ : buckets_[below].above;
    const std::uint32_t above = link;
    link = bucket;
    if (above != kNone) buckets_[above].below = bucket;
    buckets_[bucket] = {frequency, 0, kNoPage, above, below};
    return bucket;
  }

  PageLists order_;
  LazyArray<std::uint32_t> bucket_of_;
  std::vector<Bucket> buckets_;
  std::vector<std::uint32_t> free_;
  std::uint32_t lowest_ = kNone;
};

}  // namespace

std::unique_ptr<Policy> MakeLfuPolicy(const PolicySetting& setting) {
  return MakePolicyOf<LfuCore>(setting);
}

}  // namespace uffdsim
