// From decisions page by page to few ranges, and the memory of what was decided.
//
// Rules:   a call costs as much as tens of pages (the flushes), so ranges are joined over gaps of
//          at most kGap pages in which nothing was left alone on purpose: what lies there is armed
//          already, or absent.
// Owned by: a value. Units: pages.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/vmm/policy/policy.h"

namespace uffdsim {

class PlanRanges {
 public:
  explicit PlanRanges(std::vector<PageRange>* ranges) : ranges_(ranges) {}

  // Pages come in ascending order.
  void Arm(PageId page) {
    if (open_ && page - end_ <= kGap) {
      ranges_->back().count = page + 1 - ranges_->back().first;
    } else {
      ranges_->push_back({page, 1});
    }
    open_ = true;
    end_ = page + 1;
  }
  void Leave() { open_ = false; }

 private:
  static constexpr std::uint32_t kGap = 64;
  std::vector<PageRange>* ranges_;
  bool open_ = false;  // the last range may grow
  PageId end_ = 0;     // of the last range
};

template <class Visit>
void ForEachPage(std::span<const PageRange> ranges, Visit&& visit) {
  for (const PageRange& range : ranges) {
    for (std::uint32_t i = 0; i < range.count; ++i) visit(range.first + i);
  }
}

// What the last plan did with the pages that were not armed. Estimates what happened to the pages
// that were left alone from those that were not.
class PlanMemory {
 public:
  // Begins the next plan; pages come in ascending order.
  void Begin() {
    chosen_.clear();
    left_.clear();
  }
  void Arm(PageId page) { chosen_.push_back(page); }
  void Leave(PageId page) { left_.push_back(page); }

  // Pages touched, if those left alone were touched as often as those chosen.
  std::uint64_t Estimate(std::span<const PageRange> unarmed) const;

 private:
  std::vector<PageId> chosen_;
  std::vector<PageId> left_;
};

}  // namespace uffdsim
