// As much arming as a share of a core pays for.
//
// Rules:   a look that takes more than half of an interval's budget is put off until as many
//          intervals have paid for twice of it; what it leaves buys pages at what a page costs (its
//          share of the calls and flushes included). That price rises at once and falls by at most
//          half in an interval: pages that lie together are cheap, and the next ones may not.
//          Touched pages take turns, so that none is forgotten. Pages left alone count as touched
//          for eviction; the estimate of the working set counts them by the share of those that
//          were armed.
// Units:   CPU time of the VMM's background thread; the guest's faults are not in the budget.
#include <algorithm>
#include <memory>

#include "sim/vmm/arming/plan.h"
#include "sim/vmm/arming/registry.h"

namespace uffdsim {
namespace {

class BudgetArming final : public ArmingStrategy {
 public:
  explicit BudgetArming(const ArmingSetting& setting)
      : budget_ps_(static_cast<std::uint64_t>(static_cast<double>(setting.interval_ns) *
                                              setting.parameters[0] * (kPsPerNs / 100.0))) {}

  void Plan(const ArmingReport& report, std::vector<PageRange>* arm) override {
    if (report.armed_pages > 0) {
      const std::uint64_t paid_ps = report.arm_ns * kPsPerNs / report.armed_pages;
      page_ps_ = std::max<std::uint64_t>({paid_ps, page_ps_ / 2, 1});
    }
    const std::uint64_t look_ps = report.look_ns * kPsPerNs;
    const std::uint64_t paying =
        (2 * look_ps + budget_ps_ - 1) / std::max<std::uint64_t>(budget_ps_, 1);
    intervals_ = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(paying, 1, kMostIntervals));
    const std::uint64_t budget_ps = budget_ps_ * intervals_;
    std::uint64_t left = look_ps < budget_ps ? (budget_ps - look_ps) / page_ps_ : 0;
    // Without any page armed nothing is ever learnt, not even that looking is too expensive.
    left = std::max<std::uint64_t>(left, 1);

    chosen_.clear();
    ForEachPage(report.unarmed, [&](PageId page) {
      if (page >= turn_ && chosen_.size() < left) chosen_.push_back(page);
    });
    const bool wraps = chosen_.size() < left;
    std::size_t wrapped = 0;
    if (wraps) {
      const std::uint64_t more = left - chosen_.size();
      ForEachPage(report.unarmed, [&](PageId page) {
        if (page >= turn_ || wrapped == more) return;
        chosen_.push_back(page);
        ++wrapped;
      });
    }
    if (chosen_.empty()) return;
    turn_ = chosen_.back() + 1;
    std::sort(chosen_.begin(), chosen_.end());
    Emit(report.unarmed, arm);
  }

  std::uint32_t Intervals() const override { return intervals_; }

  std::uint64_t Estimate(std::span<const PageRange> unarmed) const override {
    return memory_.Estimate(unarmed);
  }

 private:
  static constexpr std::uint64_t kPsPerNs = 1000;
  static constexpr std::uint64_t kMostIntervals = 64;

  void Emit(std::span<const PageRange> unarmed, std::vector<PageRange>* arm) {
    memory_.Begin();
    PlanRanges ranges(arm);
    auto next = chosen_.begin();
    ForEachPage(unarmed, [&](PageId page) {
      if (next != chosen_.end() && *next == page) {
        ++next;
        memory_.Arm(page);
        ranges.Arm(page);
      } else {
        memory_.Leave(page);
        ranges.Leave();
      }
    });
  }

  std::uint64_t budget_ps_;          // of one interval
  std::uint64_t page_ps_ = 100'000;  // what arming a page costs
  std::uint32_t intervals_ = 1;      // until the next look
  PageId turn_ = 0;                  // whose turn it is
  std::vector<PageId> chosen_;
  PlanMemory memory_;
};

}  // namespace

std::unique_ptr<ArmingStrategy> MakeBudgetArming(const ArmingSetting& setting) {
  return std::make_unique<BudgetArming>(setting);
}

}  // namespace uffdsim
