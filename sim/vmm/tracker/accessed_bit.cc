// Accessed bits: the hardware marks what it touches, in the host's page table and in stage 2.
//
// Mirrors: idle page tracking (Documentation/admin-guide/mm/idle_page_tracking.rst): setting a
//          frame idle clears its accessed bits in all page tables, through the MMU notifier those
//          of the guest too; reading tells whether it was touched since. The guest pays nothing.
//          Victims are held by unmapping them, under MINOR.
// Not modelled: a translation that stays in a TLB sets no bit again, so real hardware sees a little
//          less.
#include "sim/vmm/armed_tracker.h"

namespace uffdsim {
namespace {

class AccessedBitTracker final : public ArmedTracker {
 public:
  explicit AccessedBitTracker(const TrackerSetting& setting) : ArmedTracker(setting) {}

 private:
  void Arm(VmmThread& by, PageRange range) override { host().SetIdle(by, range); }
  void Look(VmmThread& by, std::vector<PageRange>* unarmed) override {
    host().ScanIdle(by, {0, host().guest_pages()}, unarmed);
  }
};

}  // namespace

std::unique_ptr<Tracker> MakeAccessedBitTracker(const TrackerSetting& setting) {
  return std::make_unique<AccessedBitTracker>(setting);
}

}  // namespace uffdsim
