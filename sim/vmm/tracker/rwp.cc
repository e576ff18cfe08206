// RWP: read-write protection tells which pages were touched, and holds those that are evicted
// still.
//
// Mirrors: the RWP workflow of Documentation/admin-guide/mm/userfaultfd.rst: arm in async mode, so
//          that first touches resolve in the kernel without a message; wait; switch to sync, so
//          that what the scan finds cold stays cold; PAGEMAP_SCAN; evict; back to async.
// Rules:   one ioctl (or one eviction batch) per action. Memory is armed in chunks, because guest
//          faults on a range wait while it is being armed. An interval that its own work outlasts
//          is followed by a whole one.
#include <vector>

#include "model/base/check.h"
#include "sim/vmm/tracker/tracker.h"

namespace uffdsim {
namespace {

class RwpTracker final : public Tracker {
 public:
  explicit RwpTracker(const TrackerSetting& setting) : set_(setting) {}

  std::uint64_t NextNs() const override { return next_ns_; }

  void Run(VmmThread& by) override {
    switch (phase_) {
      case Phase::kArm: Arm(by); return;
      case Phase::kScan: Scan(by); return;
      case Phase::kEvict: Evict(by); return;
      case Phase::kEvictCold: EvictCold(by); return;
      case Phase::kAsync:
        UFFDSIM_CHECK(set_.host->SetMode(by, RwpMode::kAsync) == Errno::kOk);
        mode_ = RwpMode::kAsync;
        Enter(Phase::kArm, by.now_ns());
        return;
    }
  }

  void MakeRoom(VmmThread& by, PageId, std::uint64_t incoming) override {
    ++faults_;
    const std::uint64_t resident = set_.evictor->resident();
    if (resident + incoming <= set_.limit_pages) return;
    // One batch for this fault and some of those behind it.
    const std::uint64_t extra = set_.limit_pages / 256;
    const RwpMode before = mode_;
    if (before == RwpMode::kAsync) {
      UFFDSIM_CHECK(set_.host->SetMode(by, RwpMode::kSync) == Errno::kOk);
    }
    set_.evictor->EvictNow(by, resident + incoming - set_.limit_pages + extra);
    if (before == RwpMode::kAsync) {
      UFFDSIM_CHECK(set_.host->SetMode(by, RwpMode::kAsync) == Errno::kOk);
    }
  }

  void OnPopulated(PageId page) override { set_.policy->OnFault(page); }

 private:
  enum class Phase : std::uint8_t { kArm, kScan, kEvict, kEvictCold, kAsync };

  void Enter(Phase phase, std::uint64_t when_ns) {
    phase_ = phase;
    next_ns_ = when_ns;
  }

  void Arm(VmmThread& by) {
    const std::uint32_t pages = set_.host->guest_pages();
    const std::uint32_t count = std::min(set_.arm_chunk_pages, pages - armed_to_);
    UFFDSIM_CHECK(set_.host->Rwprotect(by, {armed_to_, count}, Protect::kArm) == Errno::kOk);
    armed_to_ += count;
    if (armed_to_ < pages) {
      next_ns_ = by.now_ns();
      return;
    }
    armed_to_ = 0;
    std::uint64_t end_ns = begin_ns_ + set_.interval_ns;
    if (end_ns <= by.now_ns()) end_ns = by.now_ns() + set_.interval_ns;
    Enter(Phase::kScan, end_ns);
  }

  void Scan(VmmThread& by) {
    begin_ns_ = by.now_ns();
    UFFDSIM_CHECK(set_.host->SetMode(by, RwpMode::kSync) == Errno::kOk);
    mode_ = RwpMode::kSync;
    hot_.clear();
    set_.host->ScanAccessed(by, &hot_);
    std::uint64_t hot_pages = 0;
    for (const PageRange& range : hot_) hot_pages += range.count;
    set_.listener->OnIntervalEnd(begin_ns_, hot_pages);
    set_.evictor->ForgetUnarmed();
    set_.policy->OnInterval(hot_);
    set_.evictor->Want(PagesToEvict(set_.evictor->resident(), set_.limit_pages, faults_),
                       Urgency::kMust);
    faults_ = 0;
    Enter(Phase::kEvict, by.now_ns());
  }

  void Evict(VmmThread& by) {
    if (set_.evictor->Step(by, hot_) == Evictor::Progress::kMore) {
      next_ns_ = by.now_ns();
      return;
    }
    if (set_.evict == EvictWhat::kCold) {
      set_.evictor->Want(set_.evictor->resident(), Urgency::kIfCold);
      Enter(Phase::kEvictCold, by.now_ns());
      return;
    }
    Enter(Phase::kAsync, by.now_ns());
  }

  void EvictCold(VmmThread& by) {
    const bool more = set_.evictor->Step(by, hot_) == Evictor::Progress::kMore;
    Enter(more ? Phase::kEvictCold : Phase::kAsync, by.now_ns());
  }

  TrackerSetting set_;
  Phase phase_ = Phase::kArm;
  RwpMode mode_ = RwpMode::kAsync;
  std::uint64_t next_ns_ = 0;
  std::uint64_t begin_ns_ = 0;  // of the running interval: the last scan
  std::uint32_t armed_to_ = 0;  // pages below this are armed in this round
  std::uint64_t faults_ = 0;    // since the last scan
  std::vector<PageRange> hot_;  // what the last scan saw
};

}  // namespace

std::unique_ptr<Tracker> MakeRwpTracker(const TrackerSetting& setting) {
  return std::make_unique<RwpTracker>(setting);
}

}  // namespace uffdsim
