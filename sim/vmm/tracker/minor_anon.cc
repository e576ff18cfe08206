// MINOR for anonymous memory: the design that RWP's first posting had, and dropped.
//
// Mirrors: the RFC of 2026-04-14 (UFFD_FEATURE_MINOR_ANON, MINOR_ASYNC, UFFDIO_DEACTIVATE,
//          SET_MODE): guest memory is anonymous; DEACTIVATE makes present entries PROT_NONE, a
//          touch resolves in the kernel (async) or queues a MINOR message that CONTINUE answers
//          (sync). There is no second mapping to read a victim through: it is read through
//          /proc/self/mem and dropped with MADV_DONTNEED.
// Rules:   the workflow is rwp.cc's; what differs is the memory, the calls and the messages.
#include "sim/vmm/tracker/sync_eviction.h"

namespace uffdsim {
namespace {

class MinorAnonTracker final : public SyncEvictionTracker {
 public:
  explicit MinorAnonTracker(const TrackerSetting& setting) : SyncEvictionTracker(setting) {}

 private:
  void Arm(VmmThread& by, PageRange range) override {
    UFFDSIM_CHECK(host().Deactivate(by, range) == Errno::kOk);
  }
};

}  // namespace

std::unique_ptr<Tracker> MakeMinorAnonTracker(const TrackerSetting& setting) {
  return std::make_unique<MinorAnonTracker>(setting);
}

}  // namespace uffdsim
