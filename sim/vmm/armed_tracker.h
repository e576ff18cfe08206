// The workflow that trackers which arm pages have in common: arm, wait, look, evict, again.
//
// Mirrors: the RWP workflow of Documentation/admin-guide/mm/userfaultfd.rst. What "arm" and "look"
//          are is the tracker's: protecting and scanning, unmapping and reading messages, ...
// Rules:   one call (or one eviction batch) per action, so that the guest runs between two of them.
//          Which pages are armed is the arming strategy's choice; no call covers more than the
//          chunk, because guest faults on a range wait while it is being armed. An interval that
//          its own work outlasts is followed by a whole one.
// Owned by: the Vmm, as a Tracker. Units: virtual nanoseconds, pages.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/vmm/tracker/tracker.h"

namespace uffdsim {

class ArmedTracker : public Tracker {
 public:
  std::uint64_t NextNs() const final { return next_ns_; }
  void Run(VmmThread& by) final;
  void MakeRoom(VmmThread& by, PageId page, std::uint64_t incoming) final;
  void OnPopulated(PageId page) final;

 protected:
  explicit ArmedTracker(const TrackerSetting& setting) : set_(setting) {}

  // Arms the pages of the range that are there; one call.
  virtual void Arm(VmmThread& by, PageRange range) = 0;
  // Appends the pages that are not armed (touched, come in, or left alone), ascending. Pages that
  // are not there may be among them.
  virtual void Look(VmmThread& by, std::vector<PageRange>* unarmed) = 0;
  // From here on what is armed stays untouched without the VMM's knowing; and back.
  virtual void BeginEviction(VmmThread&) {}
  virtual void EndEviction(VmmThread&) {}
  // A page came in; it is not armed.
  virtual void NotArmed(PageId) {}

  Host& host() { return *set_.host; }
  const TrackerSetting& setting() const { return set_; }

 private:
  enum class Phase : std::uint8_t { kPlan, kArm, kLook, kEvict, kEnd };

  void Enter(Phase phase, std::uint64_t when_ns) {
    phase_ = phase;
    next_ns_ = when_ns;
  }
  void Plan();
  void ArmNext(VmmThread& by);
  void LookAround(VmmThread& by);
  void Evict(VmmThread& by);

  TrackerSetting set_;
  Phase phase_ = Phase::kPlan;
  enum class Evicting : std::uint8_t { kNo, kYes } evicting_ = Evicting::kNo;
  std::uint64_t next_ns_ = 0;
  std::uint64_t begin_ns_ = 0;      // of the running interval: the last look
  std::uint64_t faults_ = 0;        // since the last look
  std::vector<PageRange> unarmed_;  // what the last look found
  std::vector<PageRange> plan_;     // to be armed
  std::size_t plan_next_ = 0;       // the range to arm next, and
  std::uint32_t plan_done_ = 0;     // how many of its pages are armed
  ArmingReport report_;             // of this interval, for the next plan
};

}  // namespace uffdsim
