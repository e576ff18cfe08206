// NUMA-hint-style sampling: a window of memory is armed in turn, and only quick touches are hot.
//
// Mirrors: NUMA balancing in memory-tiering mode (kernel/sched/fair.c task_numa_work() and
//          should_numa_migrate_memory()): a window becomes PROT_NONE, the hint fault tells how long
//          the page stayed untouched, and a page is hot if that was less than a threshold. User
//          space gets no hint faults, so it arms with RWP and reads the messages; the kernel's own
//          hints cost no message.
// Rules:   a page keeps its last verdict until it is armed again; the threshold is one interval
//          (numa_balancing_hot_threshold_ms and the scan period are both 1 s by default).
// Memory:  8 bytes per page of guest memory.
#include "model/base/check.h"
#include "model/base/lazy_array.h"
#include "sim/vmm/armed_tracker.h"
#include "sim/vmm/page_bits.h"

namespace uffdsim {
namespace {

class NumaHintTracker final : public ArmedTracker {
 public:
  explicit NumaHintTracker(const TrackerSetting& setting)
      : ArmedTracker(setting),
        hot_(setting.host->guest_pages()),
        armed_in_(setting.host->guest_pages()) {}

  // A hint fault; late ones say that the page is cold, and that it is not armed.
  void OnTouched(PageId page) override {
    if (armed_in_[page] == round_) hot_.Add(page);
  }

 private:
  void Arm(VmmThread& by, PageRange range) override {
    UFFDSIM_CHECK(host().Rwprotect(by, range, Protect::kArm) == Errno::kOk);
    hot_.Remove(range);
    for (std::uint32_t i = 0; i < range.count; ++i) armed_in_[range.first + i] = round_;
  }
  void Look(VmmThread&, std::vector<PageRange>* unarmed) override {
    hot_.List(unarmed);
    ++round_;
  }
  void NotArmed(PageId page) override { hot_.Add(page); }

  PageBits hot_;
  LazyArray<std::uint32_t> armed_in_;  // the interval in which the page was armed last
  std::uint32_t round_ = 1;
};

}  // namespace

std::unique_ptr<Tracker> MakeNumaHintTracker(const TrackerSetting& setting) {
  return std::make_unique<NumaHintTracker>(setting);
}

}  // namespace uffdsim
