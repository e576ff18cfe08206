// The oracle: every access, in order, for nothing.
//
// Mirrors: nothing that can be built. The policy runs as published (demand paging with exact hits),
// so
//          what it loses under a real tracker is the price of not seeing. Evicting still costs what
//          it costs: hashing, writing, punching.
#include "sim/vmm/tracker/tracker.h"

namespace uffdsim {
namespace {

class OracleTracker final : public Tracker {
 public:
  explicit OracleTracker(const TrackerSetting& setting)
      : set_(setting), next_ns_(setting.interval_ns) {}

  std::uint64_t NextNs() const override { return next_ns_; }

  void Run(VmmThread& by) override {
    if (!evicting_) {
      begin_ns_ = by.now_ns();
      set_.listener->OnIntervalEnd(begin_ns_, std::nullopt);
      set_.policy->OnIntervalEnd();
      if (set_.evict == EvictWhat::kPressure) {
        next_ns_ = begin_ns_ + set_.interval_ns;
        return;
      }
      set_.evictor->Want(set_.evictor->resident(), Urgency::kIfCold);
      evicting_ = true;
    }
    // A batch is hashed, written and punched without the guest between: nothing is protected.
    Evictor::Progress progress = set_.evictor->Step(by, {});
    if (progress == Evictor::Progress::kMore) progress = set_.evictor->Step(by, {});
    evicting_ = progress == Evictor::Progress::kMore;
    next_ns_ = evicting_ ? by.now_ns() : std::max(begin_ns_ + set_.interval_ns, by.now_ns());
  }

  void MakeRoom(VmmThread& by, PageId page, std::uint64_t) override {
    const PageId victim = set_.policy->OnMiss(page);
    if (victim != kNoPage) set_.evictor->EvictPage(by, victim);
  }

  void OnPopulated(PageId) override {}

  void OnAccesses(std::span<const PageId> pages) override { set_.policy->OnHits(pages); }

 private:
  TrackerSetting set_;
  std::uint64_t next_ns_;
  std::uint64_t begin_ns_ = 0;
  bool evicting_ = false;
};

}  // namespace

std::unique_ptr<Tracker> MakeOracleTracker(const TrackerSetting& setting) {
  return std::make_unique<OracleTracker>(setting);
}

}  // namespace uffdsim
