// What was touched, each interval: the same marks as arming everything, with less walking.
#include <memory>

#include "sim/vmm/arming/plan.h"
#include "sim/vmm/arming/registry.h"

namespace uffdsim {
namespace {

class TouchedArming final : public ArmingStrategy {
 public:
  void Plan(const ArmingReport& report, std::vector<PageRange>* arm) override {
    PlanRanges ranges(arm);
    ForEachPage(report.unarmed, [&](PageId page) { ranges.Arm(page); });
  }
};

}  // namespace

std::unique_ptr<ArmingStrategy> MakeTouchedArming(const ArmingSetting&) {
  return std::make_unique<TouchedArming>();
}

}  // namespace uffdsim
