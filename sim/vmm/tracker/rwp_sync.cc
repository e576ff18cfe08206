// RWP in sync mode all the time: each first touch is a message.
//
// Mirrors: UFFDIO_REGISTER_MODE_RWP without the RWP_ASYNC feature. The VMM hears of each touch when
//          it happens and resolves it (UFFDIO_RWPROTECT); no scan, no change of mode. What it costs
//          is a round trip to the handler for each page and interval.
#include "model/base/check.h"
#include "sim/vmm/armed_tracker.h"
#include "sim/vmm/page_bits.h"

namespace uffdsim {
namespace {

class RwpSyncTracker final : public ArmedTracker {
 public:
  explicit RwpSyncTracker(const TrackerSetting& setting)
      : ArmedTracker(setting), unarmed_(setting.host->guest_pages()) {}

  void OnTouched(PageId page) override { unarmed_.Add(page); }

 private:
  void Arm(VmmThread& by, PageRange range) override {
    UFFDSIM_CHECK(host().Rwprotect(by, range, Protect::kArm) == Errno::kOk);
    unarmed_.Remove(range);
  }
  void Look(VmmThread&, std::vector<PageRange>* unarmed) override { unarmed_.List(unarmed); }
  void NotArmed(PageId page) override { unarmed_.Add(page); }

  PageBits unarmed_;
};

}  // namespace

std::unique_ptr<Tracker> MakeRwpSyncTracker(const TrackerSetting& setting) {
  return std::make_unique<RwpSyncTracker>(setting);
}

}  // namespace uffdsim
