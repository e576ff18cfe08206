// Evicting pages from a running guest without losing a write.
//
// Mirrors: the eviction half of the workflow in Documentation/admin-guide/mm/userfaultfd.rst: under
//          sync RWP an armed page cannot change, nor can one that the guest mapping has forgotten
//          while MINOR is registered; hash it through the io view, write it out unless the store
//          already has these bytes, punch it, wake who waits for it.
// Rules:   a victim that was touched between hashing and punching is given back to the policy
//          (Revoke). Only pages that are held still are punched (Hold), unless the tracker needs no
//          hold (the oracle's).
// Owned by: the Vmm. Errors: a page that the device refuses stays (Policy::OnRefused); while a
//          fault waits, it is tried again a few times first.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/vmm/host.h"
#include "sim/vmm/policy/policy.h"

namespace uffdsim {

// How a victim is held still while it is hashed and written out.
enum class Hold : std::uint8_t {
  kNothing,  // the guest does not run meanwhile
  kRwp,      // armed, under sync mode
  kUnmap,    // gone from the guest mapping, under MINOR
};

// Whether what the tracker does to every page already holds it.
enum class Armed : std::uint8_t { kHolds, kDoesNotHold };

struct EvictionCounts {
  std::uint64_t clean = 0;      // the store had the bytes already
  std::uint64_t dirty = 0;      // written out
  std::uint64_t revoked = 0;    // touched in time
  std::uint64_t refused = 0;    // the device failed
  std::uint64_t direct = 0;     // of clean + dirty: evicted while a fault waited for a frame
  std::uint64_t direct_ns = 0;  // time for which faults waited for frames
};

class Evictor {
 public:
  Evictor(Host& host, Policy& policy, Hold hold, Armed armed, std::uint32_t batch_pages);

  // --- in the background, one action per call, so that the guest runs between them
  // -----------------
  void Want(std::uint64_t pages, Urgency urgency);
  // `unarmed`: ranges that the last look found not armed; ascending.
  enum class Progress : std::uint8_t { kMore, kDone };
  Progress Step(VmmThread& by, std::span<const PageRange> unarmed);

  // --- at once, while a fault waits
  // --------------------------------------------------------------- The caller has switched to sync
  // mode.
  void EvictNow(VmmThread& by, std::uint64_t pages);
  void EvictPage(VmmThread& by, PageId page);  // one that the policy has already let go

  // The page is being evicted but is still there: leave it. False when it is not in the batch.
  bool Revoke(PageId page);
  bool Evicting(PageId page) const;
  // A page came in; it is not armed.
  void OnPopulated(PageId page);
  // The page was there and is not armed any more: its touch was resolved by an ioctl.
  void OnResolved(PageId page);
  // A scan follows, which sees all pages that are not armed.
  void ForgetUnarmed() { unarmed_.clear(); }

  std::uint64_t resident() const { return resident_; }
  const EvictionCounts& counts() const { return counts_; }

 private:
  struct Victim {
    PageId page;
    enum class State : std::uint8_t { kClean, kDirty, kRevoked } state;
  };
  // Holds those of the batch that `wants(page)` names; neighbours with one call.
  template <class Wants>
  void HoldVictims(VmmThread& by, Wants&& wants);
  void HoldRange(VmmThread& by, PageRange range);
  // Hashes and writes out the batch, each page in at most `attempts` tries; returns when the last
  // write is complete.
  std::uint64_t WriteBatch(VmmThread& by, int attempts);
  void PunchBatch(VmmThread& by);
  void PunchRun(VmmThread& by, std::size_t first, std::size_t last);
  void FillBatch(std::uint64_t pages, Urgency urgency);
  bool MaybeUnarmed(PageId page, std::span<const PageRange> unarmed) const;

  Host& host_;
  Policy& policy_;
  Hold hold_;
  Armed armed_;
  std::uint32_t batch_pages_;
  std::uint64_t wanted_ = 0;
  Urgency urgency_ = Urgency::kMust;
  std::uint64_t punch_at_ns_ = 0;
  std::vector<PageId> picked_;
  std::vector<Victim> batch_;
  std::vector<PageId> unarmed_;  // that the last scan did not see, unordered
  std::uint64_t resident_ = 0;
  EvictionCounts counts_;
};

}  // namespace uffdsim
