// WP async: write protection tells which pages were written. Reads leave no trace.
//
// Mirrors: UFFD_FEATURE_WP_ASYNC (Linux 6.7): UFFDIO_WRITEPROTECT, first writes resolved in the
//          kernel, PAGEMAP_SCAN for PAGE_IS_WRITTEN. The mode cannot be switched, so victims are
//          held by unmapping them, under MINOR.
#include "model/base/check.h"
#include "sim/vmm/armed_tracker.h"

namespace uffdsim {
namespace {

class WpAsyncTracker final : public ArmedTracker {
 public:
  explicit WpAsyncTracker(const TrackerSetting& setting) : ArmedTracker(setting) {}

 private:
  void Arm(VmmThread& by, PageRange range) override {
    UFFDSIM_CHECK(host().Writeprotect(by, range, Protect::kArm) == Errno::kOk);
  }
  void Look(VmmThread& by, std::vector<PageRange>* unarmed) override {
    host().Scan(by, Category::kWritten, unarmed);
  }
};

}  // namespace

std::unique_ptr<Tracker> MakeWpAsyncTracker(const TrackerSetting& setting) {
  return std::make_unique<WpAsyncTracker>(setting);
}

}  // namespace uffdsim
