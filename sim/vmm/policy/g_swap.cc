// g-swap: evict what is older than a threshold that keeps refaults under a service level.
//
// Mirrors: Lagar-Cavilla et al., "Software-defined far memory in warehouse-scale computers", ASPLOS
// 2019: page ages by scans, a promotion histogram (touches by the age they ended, whether the page
// had been evicted or not), and a controller. After each scan the best threshold is the smallest
// whose promotions stay within the level; the next threshold is the larger of the last best one and
// a percentile of all of them. A page evicted meanwhile is promoted at the age it would have by
// now.
#include <array>

#include "model/base/lazy_array.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_ages.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class GSwapCore : public PolicyCoreDefaults {
 public:
  explicit GSwapCore(const PolicySetting& setting)
      : ages_(setting.page_count),
        evicted_(setting.page_count),
        scan_minutes_(setting.parameters[0] / 60),
        level_(setting.parameters[1]),
        percentile_(setting.parameters[2]),
        quiet_scans_(static_cast<std::uint64_t>(setting.parameters[3] / setting.parameters[0])) {}

  bool Resident(PageId page) const { return ages_.Resident(page); }
  void Prefetch(PageId page) const { ages_.Prefetch(page); }

  void Hit(PageId page) {
    if (ages_.Touched(page)) return;
    ++promotions_[ages_.Age(page)];
    ages_.Touch(page);
  }

  void Fault(PageId page) {
    if (evicted_[page] == 0) return;
    const std::uint32_t scans_out = scans_ - evicted_[page] / kAges;
    ++promotions_[std::min<std::uint32_t>(PageAges::kMaxAge,
                                          (evicted_[page] % kAges - 1) + scans_out)];
    evicted_[page] = 0;
  }

  void Insert(PageId page) { ages_.Insert(page); }
  PageId Evict(PageId) { return PopOldest(0); }
  PageId EvictCold() { return scans_ < quiet_scans_ ? kNoPage : PopOldest(threshold_); }
  void Remove(PageId page) { ages_.Remove(page); }

  void Tick() {
    ages_.Scan();
    ++scans_;
    const unsigned best = BestThreshold();
    ++best_thresholds_[best];
    threshold_ = std::max(best, Percentile());
    promotions_.fill(0);
  }

  std::uint64_t Bytes() const { return ages_.Bytes() + evicted_.size() * sizeof(std::uint32_t); }

 private:
  static constexpr std::uint32_t kAges = PageAges::kMaxAge + 2;  // ages plus one, 0 being "none"

  // The oldest page of at least that age; with 0, touched pages too where no other is left.
  PageId PopOldest(unsigned at_least) {
    if (!ages_.AnyOfAge(at_least)) return at_least == 0 ? ages_.PopOldest() : kNoPage;
    const unsigned age = ages_.OldestAge();
    const PageId page = ages_.PopOldest();
    evicted_[page] = scans_ * kAges + age + 1;
    return page;
  }

  // The smallest age from which on promotions were within the level; at least 1.
  unsigned BestThreshold() const {
    const double allowed = level_ * scan_minutes_ * static_cast<double>(ages_.PagesOfAge(0));
    std::uint64_t promoted = 0;
    for (unsigned age = PageAges::kMaxAge; age >= 1; --age) {
      promoted += promotions_[age];
      if (static_cast<double>(promoted) > allowed) return std::min(age + 1, PageAges::kMaxAge);
    }
    return 1;
  }

  unsigned Percentile() const {
    const double rank = percentile_ / 100 * scans_;
    std::uint64_t below = 0;
    for (unsigned threshold = 0; threshold < PageAges::kMaxAge; ++threshold) {
      below += best_thresholds_[threshold];
      if (static_cast<double>(below) >= rank) return threshold;
    }
    return PageAges::kMaxAge;
  }

  PageAges ages_;
  LazyArray<std::uint32_t> evicted_;  // scan x kAges + age + 1 at eviction, or 0
  std::array<std::uint64_t, PageAges::kMaxAge + 1> promotions_{};  // since the last scan, by age
  std::array<std::uint64_t, PageAges::kMaxAge + 1> best_thresholds_{};  // how often each was best
  double scan_minutes_;
  double level_;
  double percentile_;
  std::uint64_t quiet_scans_;
  std::uint32_t scans_ = 0;
  unsigned threshold_ = PageAges::kMaxAge;
};

}  // namespace

std::unique_ptr<Policy> MakeGSwapPolicy(const PolicySetting& setting) {
  return MakePolicyOf<GSwapCore>(setting);
}

}  // namespace uffdsim
