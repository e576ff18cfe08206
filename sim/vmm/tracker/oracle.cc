// The oracle: every access, in order, for nothing.
//
// Mirrors: nothing that can be built. The policy is told each reference as it happens, so what it
//          loses under a real tracker is the price of not seeing. Evicting is like everybody's: at
//          the end of an interval down to the watermark, at once when a fault finds no frame, and
//          it costs what it costs (hashing, writing, punching).
// Rules:   nothing holds its victims, so a batch goes without the guest running meanwhile.
#include <algorithm>

#include "sim/vmm/tracker/tracker.h"

namespace uffdsim {
namespace {

class OracleTracker final : public Tracker {
 public:
  explicit OracleTracker(const TrackerSetting& setting)
      : set_(setting), next_ns_(setting.interval_ns) {}

  std::uint64_t NextNs() const override { return next_ns_; }

  void Run(VmmThread& by) override {
    if (!evicting_) Look(by);
    if (set_.evictor->Step(by, {}) == Evictor::Progress::kMore) {
      next_ns_ = by.now_ns();
      return;
    }
    evicting_ = false;
    next_ns_ = std::max(begin_ns_ + set_.interval_ns, by.now_ns());
  }

  void MakeRoom(VmmThread& by, PageId page, std::uint64_t) override {
    ++faults_;
    const PageId victim = set_.policy->OnMiss(page);
    if (victim != kNoPage) set_.evictor->EvictPage(by, victim);
  }

  void OnPopulated(PageId) override {}

  void OnAccesses(std::span<const PageId> pages) override { set_.policy->OnHits(pages); }

 private:
  void Look(VmmThread& by) {
    begin_ns_ = by.now_ns();
    set_.listener->OnIntervalEnd(begin_ns_, std::nullopt);
    set_.policy->OnIntervalEnd();
    set_.evictor->Want(PagesToEvict(set_.evictor->resident(), set_.limit_pages, faults_),
                       set_.evict);
    faults_ = 0;
    evicting_ = true;
  }

  TrackerSetting set_;
  std::uint64_t next_ns_;
  std::uint64_t begin_ns_ = 0;
  std::uint64_t faults_ = 0;  // since the last look
  bool evicting_ = false;
};

}  // namespace

std::unique_ptr<Tracker> MakeOracleTracker(const TrackerSetting& setting) {
  return std::make_unique<OracleTracker>(setting);
}

}  // namespace uffdsim
