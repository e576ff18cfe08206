// Region sampling: memory as a few regions of like heat, each known by one page at a time.
//
// Mirrors: mm/damon/core.c (kdamond_fn, kdamond_merge_regions, kdamond_split_regions) with its
//          defaults: a sampling interval of a twentieth of the aggregation interval, 10 to 1,000
//          regions, neighbours merged when their counts differ by at most a tenth of the largest.
//          Here the aggregation interval is the tracking interval, and sampling goes through
//          page_idle/bitmap; the kernel's own thread saves the system calls.
// Rules:   a region of which a sampled page was touched counts as touched as a whole: that is both
//          the strength and the error of it. Victims are held by unmapping them, under MINOR.
#include <algorithm>
#include <vector>

#include "model/base/rng.h"
#include "sim/vmm/tracker/tracker.h"

namespace uffdsim {
namespace {

constexpr std::uint32_t kSamples = 20;  // in an aggregation
constexpr std::uint32_t kMinRegions = 10;
constexpr std::uint32_t kMaxRegions = 1000;

struct Region {
  PageId first = 0;
  std::uint32_t pages = 0;
  std::uint32_t touched = 0;  // samples of this aggregation
  PageId sample = 0;          // the page being watched
};

class DamonTracker final : public Tracker {
 public:
  explicit DamonTracker(const TrackerSetting& setting)
      : set_(setting), rng_(setting.seed), next_ns_(setting.interval_ns / kSamples) {
    const std::uint32_t pages = set_.host->guest_pages();
    const std::uint32_t regions = std::min(kMinRegions, pages);
    for (std::uint32_t i = 0; i < regions; ++i) {
      const auto at = [&](std::uint32_t n) {
        return static_cast<PageId>(std::uint64_t{pages} * n / regions);
      };
      regions_.push_back({at(i), at(i + 1) - at(i), 0, at(i)});
    }
    most_pages_ = std::max<std::uint32_t>(pages / regions, 1);
  }

  std::uint64_t NextNs() const override { return next_ns_; }

  void Run(VmmThread& by) override {
    if (evicting_) {
      Evict(by);
      return;
    }
    begin_ns_ = by.now_ns();
    Sample(by);
    if (++samples_ < kSamples) {
      next_ns_ = std::max(begin_ns_ + set_.interval_ns / kSamples, by.now_ns());
      return;
    }
    samples_ = 0;
    Aggregate();
    evicting_ = true;
    next_ns_ = by.now_ns();
  }

  void MakeRoom(VmmThread& by, PageId, std::uint64_t incoming) override {
    ++faults_;
    const std::uint64_t resident = set_.evictor->resident();
    if (resident + incoming <= set_.limit_pages) return;
    set_.evictor->EvictNow(by, resident + incoming - set_.limit_pages + set_.limit_pages / 256);
  }

  void OnPopulated(PageId page) override { set_.policy->OnFault(page); }

 private:
  // Reads what became of the pages chosen last time and chooses others.
  void Sample(VmmThread& by) {
    for (Region& region : regions_) {
      touched_.clear();
      if (watching_) set_.host->ScanIdle(by, {region.sample, 1}, &touched_);
      if (!touched_.empty()) ++region.touched;
      region.sample = region.first + static_cast<PageId>(rng_.Below(region.pages));
      set_.host->SetIdle(by, {region.sample, 1});
    }
    watching_ = true;
  }

  void Aggregate() {
    touched_.clear();
    std::uint64_t pages = 0;
    for (const Region& region : regions_) {
      if (region.touched == 0) continue;
      touched_.push_back({region.first, region.pages});
      pages += region.pages;
    }
    set_.listener->OnIntervalEnd(begin_ns_, IntervalView{pages, touched_});
    set_.policy->OnInterval(touched_);
    set_.evictor->Want(PagesToEvict(set_.evictor->resident(), set_.limit_pages, faults_),
                       set_.evict);
    faults_ = 0;
    const std::size_t before = regions_.size();
    Merge();
    for (Region& region : regions_) region.touched = 0;
    if (regions_.size() <= kMaxRegions / 2) Split(regions_.size() == before ? 3 : 2);
    watching_ = false;
  }

  void Merge() {
    std::uint32_t most = 0;
    for (const Region& region : regions_) most = std::max(most, region.touched);
    const std::uint32_t threshold = most / 10;
    std::vector<Region> merged;
    for (const Region& region : regions_) {
      if (!merged.empty()) {
        Region& last = merged.back();
        const std::uint32_t high = std::max(last.touched, region.touched);
        const std::uint32_t low = std::min(last.touched, region.touched);
        if (high - low <= threshold && last.pages + region.pages <= most_pages_) {
          const std::uint64_t weighted = std::uint64_t{last.touched} * last.pages +
                                         std::uint64_t{region.touched} * region.pages;
          last.pages += region.pages;
          last.touched = static_cast<std::uint32_t>(weighted / last.pages);
          continue;
        }
      }
      merged.push_back(region);
    }
    regions_ = std::move(merged);
  }

  // Every region in `pieces`, at random places; three only while there is room for them.
  void Split(std::uint32_t pieces) {
    if (regions_.size() >= kMaxRegions / 3) pieces = 2;
    std::vector<Region> split;
    for (Region region : regions_) {
      for (std::uint32_t left = pieces; left > 1 && region.pages > 1; --left) {
        // At 10 to 90 per cent.
        const std::uint64_t tenths = rng_.Below(9) + 1;
        const auto head = static_cast<std::uint32_t>(
            std::clamp<std::uint64_t>(region.pages * tenths / 10, 1, region.pages - 1));
        split.push_back({region.first, head, region.touched, region.first});
        region.first += head;
        region.pages -= head;
      }
      split.push_back(region);
    }
    regions_ = std::move(split);
  }

  void Evict(VmmThread& by) {
    if (set_.evictor->Step(by, {}) == Evictor::Progress::kMore) {
      next_ns_ = std::max(by.now_ns(), set_.evictor->NextNs());
      return;
    }
    evicting_ = false;
    next_ns_ = std::max(begin_ns_ + set_.interval_ns / kSamples, by.now_ns());
  }

  TrackerSetting set_;
  Rng rng_;
  std::uint64_t next_ns_;
  std::uint64_t begin_ns_ = 0;    // of the last sampling
  std::uint32_t samples_ = 0;     // of this aggregation
  std::uint32_t most_pages_ = 0;  // of a region
  std::uint64_t faults_ = 0;      // since the last aggregation
  bool watching_ = false;         // each region's sample was set idle
  bool evicting_ = false;
  std::vector<Region> regions_;
  std::vector<PageRange> touched_;
};

}  // namespace

std::unique_ptr<Tracker> MakeDamonTracker(const TrackerSetting& setting) {
  return std::make_unique<DamonTracker>(setting);
}

}  // namespace uffdsim
