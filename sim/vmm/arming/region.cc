// Regions that always look the same are looked at less often.
//
// Rules:   a region's heat is the number of its touched pages when it was armed last. When it
//          differs by at most `change` of the region from the time before, the region's period
//          doubles, up to `most` intervals; else it is 1 again. Between, its touched pages are left
//          alone and count as touched.
// Memory:  8 bytes per region.
#include <algorithm>
#include <memory>

#include "sim/vmm/arming/plan.h"
#include "sim/vmm/arming/registry.h"

namespace uffdsim {
namespace {

class RegionArming final : public ArmingStrategy {
 public:
  explicit RegionArming(const ArmingSetting& setting)
      : pages_(static_cast<std::uint32_t>(setting.parameters[0])),
        change_(static_cast<std::uint32_t>(setting.parameters[1] * setting.parameters[0])),
        most_(static_cast<std::uint8_t>(setting.parameters[2])),
        regions_(setting.pages / pages_ + 1) {}

  void Plan(const ArmingReport& report, std::vector<PageRange>* arm) override {
    for (Region& region : regions_) region.touched = 0;
    ForEachPage(report.unarmed, [&](PageId page) { ++regions_[page / pages_].touched; });
    for (Region& region : regions_) Decide(region);
    PlanRanges ranges(arm);
    ForEachPage(report.unarmed, [&](PageId page) {
      if (regions_[page / pages_].wait == 0) {
        ranges.Arm(page);
      } else {
        ranges.Leave();
      }
    });
  }

  // A region left alone is as hot as it was.
  std::uint64_t Estimate(std::span<const PageRange> unarmed) const override {
    std::vector<std::uint32_t> touched(regions_.size());
    ForEachPage(unarmed, [&](PageId page) { ++touched[page / pages_]; });
    std::uint64_t pages = 0;
    for (std::size_t i = 0; i < regions_.size(); ++i) {
      pages += regions_[i].wait == 0 ? touched[i] : std::min(touched[i], regions_[i].before);
    }
    return pages;
  }

 private:
  struct Region {
    std::uint32_t touched = 0;
    std::uint32_t before = 0;  // touched when it was judged last
    std::uint8_t period = 1;   // intervals between two armings
    std::uint8_t wait = 0;     // plans until the next one; 0: arm now
    bool judged = false;       // it was armed for the interval that ended
  };

  void Decide(Region& region) const {
    if (region.wait > 0) {
      // Left alone so far; armed when the wait is over, judged one interval later.
      --region.wait;
      region.judged = region.wait == 0;
      return;
    }
    if (region.judged) {
      const std::uint32_t most = std::max(region.touched, region.before);
      const std::uint32_t least = std::min(region.touched, region.before);
      const bool same = most - least <= change_;
      region.period =
          same ? std::min<std::uint8_t>(static_cast<std::uint8_t>(region.period * 2), most_)
               : std::uint8_t{1};
    }
    region.before = region.touched;
    region.wait = static_cast<std::uint8_t>(region.period - 1);
    region.judged = region.wait == 0;
  }

  std::uint32_t pages_;
  std::uint32_t change_;
  std::uint8_t most_;
  std::vector<Region> regions_;
};

}  // namespace

std::unique_ptr<ArmingStrategy> MakeRegionArming(const ArmingSetting& setting) {
  return std::make_unique<RegionArming>(setting);
}

}  // namespace uffdsim
