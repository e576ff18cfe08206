// Pages that are always hot are not asked every time.
//
// Rules:   a page found touched in `after` intervals in a row is left alone for 1 interval, then 2,
//          4, ... up to `most`; left alone it counts as touched. Once it is armed again and stays
//          untouched, it starts from the beginning.
// Memory:  4 bytes per page of guest memory.
#include <algorithm>
#include <memory>

#include "model/base/lazy_array.h"
#include "sim/vmm/arming/plan.h"
#include "sim/vmm/arming/registry.h"

namespace uffdsim {
namespace {

class BackOffArming final : public ArmingStrategy {
 public:
  explicit BackOffArming(const ArmingSetting& setting)
      : after_(static_cast<std::uint32_t>(setting.parameters[0])),
        most_(static_cast<std::uint32_t>(setting.parameters[1])),
        pages_(setting.pages) {}

  void Plan(const ArmingReport& report, std::vector<PageRange>* arm) override {
    ++now_;
    PlanRanges ranges(arm);
    ForEachPage(report.unarmed, [&](PageId page) {
      if (Decide(pages_[page])) {
        ranges.Arm(page);
      } else {
        ranges.Leave();
      }
    });
  }

 private:
  struct Page {
    std::uint16_t seen = 0;  // the last plan in which the page was not armed, in its low bits
    std::uint8_t hot = 0;    // plans in a row, up to 15
    std::uint8_t wait = 0;   // plans for which it is still left alone
  };

  // Whether to arm the page now.
  bool Decide(Page& page) const {
    const bool again = page.seen == static_cast<std::uint16_t>(now_ - 1);
    page.seen = static_cast<std::uint16_t>(now_);
    if (!again) {
      page.hot = 1;
      page.wait = 0;
      return true;
    }
    if (page.wait > 0) {
      --page.wait;
      return page.wait == 0;
    }
    if (page.hot < kMostHot) ++page.hot;
    if (page.hot <= after_) return true;
    const unsigned rounds = std::min(page.hot - after_ - 1U, kMostRounds);
    page.wait = static_cast<std::uint8_t>(std::min(1U << rounds, most_));
    return false;
  }

  static constexpr std::uint8_t kMostHot = 15;
  static constexpr unsigned kMostRounds = 6;
  std::uint32_t after_;
  std::uint32_t most_;
  LazyArray<Page> pages_;
  std::uint32_t now_ = 0;
};

}  // namespace

std::unique_ptr<ArmingStrategy> MakeBackOffArming(const ArmingSetting& setting) {
  return std::make_unique<BackOffArming>(setting);
}

}  // namespace uffdsim
