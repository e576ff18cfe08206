// A random share of the touched pages; what they do stands for what the others do.
//
// Mirrors: the statistical sampling of VMware ESX (Waldspurger 2002, section 5.3), which
// invalidates
//          a random set of pages and counts those that are touched again.
// Rules:   pages left alone count as touched for eviction, since nothing speaks for evicting them;
//          the estimate of the working set counts them by the share of the sampled ones.
#include <memory>

#include "model/base/rng.h"
#include "sim/vmm/arming/plan.h"
#include "sim/vmm/arming/registry.h"

namespace uffdsim {
namespace {

class SampleArming final : public ArmingStrategy {
 public:
  explicit SampleArming(const ArmingSetting& setting)
      : millionths_(static_cast<std::uint64_t>(setting.parameters[0] * kMillion)),
        rng_(setting.seed) {}

  void Plan(const ArmingReport& report, std::vector<PageRange>* arm) override {
    memory_.Begin();
    PlanRanges ranges(arm);
    ForEachPage(report.unarmed, [&](PageId page) {
      if (rng_.Below(kMillion) < millionths_) {
        memory_.Arm(page);
        ranges.Arm(page);
      } else {
        memory_.Leave(page);
        ranges.Leave();
      }
    });
  }

  std::uint64_t Estimate(std::span<const PageRange> unarmed) const override {
    return memory_.Estimate(unarmed);
  }

 private:
  static constexpr std::uint64_t kMillion = 1'000'000;
  std::uint64_t millionths_;
  Rng rng_;
  PlanMemory memory_;
};

}  // namespace

std::unique_ptr<ArmingStrategy> MakeSampleArming(const ArmingSetting& setting) {
  return std::make_unique<SampleArming>(setting);
}

}  // namespace uffdsim
