// What trackers have in common that arm in async mode and evict under sync mode.
//
// Mirrors: the second half of the RWP workflow of Documentation/admin-guide/mm/userfaultfd.rst:
//          switch to sync, so that what the scan finds cold stays cold; PAGEMAP_SCAN; evict; back
//          to async.
// Owned by: the Vmm, as a Tracker.
#pragma once

#include <vector>

#include "model/base/check.h"
#include "sim/vmm/armed_tracker.h"

namespace uffdsim {

class SyncEvictionTracker : public ArmedTracker {
 protected:
  explicit SyncEvictionTracker(const TrackerSetting& setting) : ArmedTracker(setting) {}

 private:
  void Look(VmmThread& by, std::vector<PageRange>* unarmed) final {
    host().Scan(by, Category::kAccessed, unarmed);
  }
  void BeginEviction(VmmThread& by) final {
    UFFDSIM_CHECK(host().SetMode(by, RwpMode::kSync) == Errno::kOk);
  }
  void EndEviction(VmmThread& by) final {
    UFFDSIM_CHECK(host().SetMode(by, RwpMode::kAsync) == Errno::kOk);
  }
};

}  // namespace uffdsim
