// Evicting pages from a running guest without losing a write.
//
// Mirrors: the eviction half of the workflow in Documentation/admin-guide/mm/userfaultfd.rst: under
//          sync RWP an armed page cannot change, nor can one that the guest mapping has forgotten
//          while MINOR is registered; hash it through the io view, write it out unless the store
//          already has these bytes, punch it, wake who waits for it.
// Rules:   victims go in batches; a batch is punched when the store has taken all of it, and
// several
//          batches may be on their way at once (write-back). A victim that was touched between
//          hashing and punching is given back to the policy (Revoke). Only pages that are held
//          still are punched (Hold), unless the tracker needs no hold (the oracle's).
// Owned by: the Vmm. Errors: a page that the device refuses after all tries stays
//          (Policy::OnRefused); while a fault waits, there are more tries.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "sim/vmm/host.h"
#include "sim/vmm/page_bits.h"
#include "sim/vmm/policy/policy.h"

namespace uffdsim {

// How a victim is held still while it is hashed and written out.
enum class Hold : std::uint8_t {
  kNothing,     // the guest does not run meanwhile
  kRwp,         // armed, under sync mode
  kUnmap,       // gone from the guest mapping, under MINOR
  kDeactivate,  // PROT_NONE, under the sync mode of MINOR for anonymous memory
};

// Whether what the tracker does to every page already holds it.
enum class Armed : std::uint8_t { kHolds, kDoesNotHold };

// What is evicted at the end of an interval.
enum class EvictWhat : std::uint8_t {
  kPressure,  // as much as the memory limit asks for, and some room for the next interval's faults
  kCold,      // besides, everything that the policy calls cold
};

struct EvictionCounts {
  std::uint64_t clean = 0;      // the store had the bytes already
  std::uint64_t dirty = 0;      // written out
  std::uint64_t revoked = 0;    // touched in time
  std::uint64_t refused = 0;    // the device failed
  std::uint64_t direct = 0;     // of clean + dirty: evicted while a fault waited for a frame
  std::uint64_t direct_ns = 0;  // time for which faults waited for frames
};

struct EvictorSetting {
  Hold hold = Hold::kNothing;
  Armed armed = Armed::kDoesNotHold;
  std::uint32_t batch_pages = 1;
  std::uint32_t batches = 1;         // that may be on their way to the store at once
  std::uint32_t write_tries = 1;     // of a page in the background, before it is refused
  std::uint64_t retry_pause_ns = 0;  // between a failed write and the next try
};

class Evictor {
 public:
  Evictor(Host& host, Policy& policy, const EvictorSetting& setting);

  // --- in the background, one action per call, so that the guest runs between them
  // -----------------
  // So many pages, and then perhaps the cold ones.
  void Want(std::uint64_t pages, EvictWhat what);
  // `unarmed`: ranges that the last look found not armed; ascending. What nothing holds must not
  // wait while the guest runs: there a batch begins and ends in one action.
  enum class Progress : std::uint8_t { kMore, kDone };
  Progress Step(VmmThread& by, std::span<const PageRange> unarmed);
  // After kMore: when there is something to do; 0: at once.
  std::uint64_t NextNs() const;

  // --- at once, while a fault waits
  // --------------------------------------------------------------- The caller has switched to sync
  // mode.
  void EvictNow(VmmThread& by, std::uint64_t pages);
  void EvictPage(VmmThread& by, PageId page);  // one that the policy has already let go

  // The page is being evicted but is still there: leave it. False when it is in no batch.
  bool Revoke(PageId page);
  bool Evicting(PageId page) { return Find(page) != nullptr; }
  // A page came in; it is not armed.
  void OnPopulated(PageId page);
  // The page was there and is not armed any more: its touch was resolved by an ioctl.
  void OnResolved(PageId page);
  // A scan follows, which sees all pages that are not armed.
  void ForgetUnarmed() { unarmed_.clear(); }

  std::uint64_t resident() const { return resident_; }
  bool Resident(PageId page) const { return pages_.Has(page); }
  const EvictionCounts& counts() const { return counts_; }

 private:
  struct Victim {
    PageId page;
    enum class State : std::uint8_t { kClean, kDirty, kFailed, kRevoked } state;
    Digest digest;  // of what is written out
  };
  struct Batch {
    std::vector<Victim> victims;  // ascending
    std::uint64_t ready_ns = 0;   // the last write is complete, or a failed one may be tried again
    std::uint32_t tries_left = 0;
  };

  // Picks at most `pages` victims, holds those that `holds(page)` names, hashes them and begins to
  // write them out. Returns how many there are.
  template <class Holds>
  std::uint64_t Begin(VmmThread& by, std::uint64_t pages, Urgency urgency, std::uint32_t tries,
                      Holds&& holds);
  // Neighbours with one call.
  template <class Holds>
  void HoldVictims(VmmThread& by, const Batch& batch, Holds&& holds);
  void HoldRange(VmmThread& by, PageRange range);
  void Launder(VmmThread& by, Batch* batch);
  void Write(VmmThread& by, Batch* batch, Victim* victim);
  // Waits for the oldest batch, tries its failed writes again if it may, else punches it. Returns
  // the pages punched.
  std::uint64_t Advance(VmmThread& by);
  bool TryAgain(VmmThread& by, Batch* batch);
  std::uint64_t Punch(VmmThread& by, const Batch& batch);
  void PunchRun(VmmThread& by, std::span<const Victim> run);
  Victim* Find(PageId page);
  bool MaybeUnarmed(PageId page, std::span<const PageRange> unarmed) const;

  Host& host_;
  Policy& policy_;
  EvictorSetting set_;
  std::uint64_t wanted_ = 0;
  Urgency urgency_ = Urgency::kMust;
  bool then_cold_ = false;  // the cold pages come after those wanted
  std::vector<PageId> picked_;
  std::deque<Batch> batches_;    // the oldest first
  std::vector<PageId> unarmed_;  // that the last scan did not see, unordered
  PageBits pages_;               // that are there
  std::uint64_t resident_ = 0;   // how many
  EvictionCounts counts_;
};

}  // namespace uffdsim
