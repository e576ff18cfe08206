// A window of memory that moves on.
//
// Mirrors: task_numa_work() of kernel/sched/fair.c, which makes a window of scan_size PROT_NONE in
//          each scan period and starts again at the end of memory.
// Rules:   pages outside the window that are not armed are left alone: nothing new is known of
// them.
#include <algorithm>
#include <memory>

#include "sim/vmm/arming/plan.h"
#include "sim/vmm/arming/registry.h"

namespace uffdsim {
namespace {

class WindowArming final : public ArmingStrategy {
 public:
  explicit WindowArming(const ArmingSetting& setting)
      : pages_(setting.pages),
        window_(std::max<std::uint32_t>(
            static_cast<std::uint32_t>(static_cast<double>(pages_) * setting.parameters[0]), 1)) {}

  void Plan(const ArmingReport& report, std::vector<PageRange>* arm) override {
    const std::uint32_t count = std::min(window_, pages_ - at_);
    const PageRange window{at_, count};
    arm->push_back(window);
    at_ = at_ + count == pages_ ? 0 : at_ + count;
    memory_.Begin();
    ForEachPage(report.unarmed, [&](PageId page) {
      if (page - window.first < window.count) {
        memory_.Arm(page);
      } else {
        memory_.Leave(page);
      }
    });
  }

  std::uint64_t Estimate(std::span<const PageRange> unarmed) const override {
    return memory_.Estimate(unarmed);
  }

 private:
  std::uint32_t pages_;
  std::uint32_t window_;
  std::uint32_t at_ = 0;
  PlanMemory memory_;
};

}  // namespace

std::unique_ptr<ArmingStrategy> MakeWindowArming(const ArmingSetting& setting) {
  return std::make_unique<WindowArming>(setting);
}

}  // namespace uffdsim
