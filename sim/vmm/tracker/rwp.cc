// RWP: read-write protection tells which pages were touched, and holds those that are evicted
// still.
//
// Mirrors: the RWP workflow of Documentation/admin-guide/mm/userfaultfd.rst: arm in async mode, so
//          that first touches resolve in the kernel without a message; wait; switch to sync, so
//          that what the scan finds cold stays cold; PAGEMAP_SCAN; evict; back to async.
#include "sim/vmm/tracker/sync_eviction.h"

namespace uffdsim {
namespace {

class RwpTracker final : public SyncEvictionTracker {
 public:
  explicit RwpTracker(const TrackerSetting& setting) : SyncEvictionTracker(setting) {}

 private:
  void Arm(VmmThread& by, PageRange range) override {
    UFFDSIM_CHECK(host().Rwprotect(by, range, Protect::kArm) == Errno::kOk);
  }
};

}  // namespace

std::unique_ptr<Tracker> MakeRwpTracker(const TrackerSetting& setting) {
  return std::make_unique<RwpTracker>(setting);
}

}  // namespace uffdsim
