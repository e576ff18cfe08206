// RWP that never leaves async mode: victims are held by unmapping them.
//
// Mirrors: UFFDIO_REGISTER with RWP and MINOR on shmem. Tracking is as in rwp.cc, but a victim is
//          made to disappear from the guest mapping (MADV_DONTNEED), so that a touch of it queues a
//          MINOR message, while all other pages go on resolving in the kernel.
#include "model/base/check.h"
#include "sim/vmm/armed_tracker.h"

namespace uffdsim {
namespace {

class RwpAsyncTracker final : public ArmedTracker {
 public:
  explicit RwpAsyncTracker(const TrackerSetting& setting) : ArmedTracker(setting) {}

 private:
  void Arm(VmmThread& by, PageRange range) override {
    UFFDSIM_CHECK(host().Rwprotect(by, range, Protect::kArm) == Errno::kOk);
  }
  void Look(VmmThread& by, std::vector<PageRange>* unarmed) override {
    host().Scan(by, Category::kAccessed, unarmed);
  }
};

}  // namespace

std::unique_ptr<Tracker> MakeRwpAsyncTracker(const TrackerSetting& setting) {
  return std::make_unique<RwpAsyncTracker>(setting);
}

}  // namespace uffdsim
