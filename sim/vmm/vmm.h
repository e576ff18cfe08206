// The VMM: a background thread (the tracker's) and a thread that handles faults.
//
// Mirrors: a userfaultfd memory manager with asynchronous I/O: the handler reads a message, submits
//          the fetch and goes on; when the page has arrived it is COPYed in, which wakes the vCPU.
// Rules:   with read-ahead, a fault on a page that the store has fetches what else the store has of
//          the aligned block around it (as the kernel's swap read-ahead does, mm/swap_state.c
//          swap_cluster_readahead()), but only into frames that are free: nothing is evicted for
//          it. A read that fails is tried again until it works: a vCPU cannot go on without it. A
//          touch of a page that is held still (armed under sync mode, or forgotten by the guest
//          mapping) is resolved, and the page's eviction called off, if it comes in time; else the
//          page is gone and its MISSING message follows.
// Owned by: the replay, which calls what is due first. Units: virtual nanoseconds.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/vmm/arming/registry.h"
#include "sim/vmm/evictor.h"
#include "sim/vmm/host.h"
#include "sim/vmm/tracker/tracker.h"

namespace uffdsim {

struct VmmSetting {
  const TrackerRow* tracker = nullptr;
  ArmingChoice arming;  // for trackers that arm
  std::uint64_t seed = 1;
  std::uint64_t limit_pages = 0;
  std::uint64_t interval_ns = 0;
  std::uint32_t arm_chunk_pages = 0;
  std::uint32_t evict_batch_pages = 0;
  std::uint32_t evict_batches = 1;     // that may be on their way to the store at once
  std::uint32_t write_tries = 1;       // of a victim in the background
  std::uint64_t retry_pause_ns = 0;    // between a failed read or write and the next try
  std::uint32_t read_ahead_pages = 0;  // of the aligned block around a fault; 0: none
  std::uint64_t handler_wake_ps = 0;   // from a message to the handler running
  EvictWhat evict = EvictWhat::kPressure;
};

class Vmm {
 public:
  Vmm(Host& host, Policy& policy, IntervalListener& listener, const VmmSetting& setting);

  // When the next thing is due, and does it.
  std::uint64_t NextNs() const;
  void RunNext();
  // Messages were queued at `now_ns`: the handler wakes up and reads them.
  void OnMessages(std::uint64_t now_ns);
  // For trackers that see every access.
  void OnAccesses(std::span<const PageId> pages) { tracker_->OnAccesses(pages); }

  // The page is a victim that is still there.
  bool Evicting(PageId page) { return evictor_.Evicting(page); }

  // When the last thing that was done had been done.
  std::uint64_t done_ns() const { return done_ns_; }

  const EvictionCounts& evictions() const { return evictor_.counts(); }
  std::uint64_t tracker_busy_ns() const { return background_.busy_ns(); }
  std::uint64_t handler_busy_ns() const { return handler_.busy_ns(); }

 private:
  // A fault whose answer is due at `ready_ns`.
  struct Due {
    std::uint64_t ready_ns;
    PageId page;
    enum class Kind : std::uint8_t { kCopy, kZero, kResolve, kContinue, kRetry } kind;
    Digest digest;
  };
  void OnMissing(PageId page);
  bool Coming(PageId page) const;
  void ReadAhead(PageId page);
  void Request(PageId page, Wanted wanted);
  void Fetch(PageId page, Wanted wanted);
  void RunDue();
  void Populate(const Due& due);
  void Resolve(const Due& due);

  Host& host_;
  VmmSetting set_;
  Evictor evictor_;
  std::unique_ptr<ArmingStrategy> arming_;
  std::unique_ptr<Tracker> tracker_;
  VmmThread background_;
  VmmThread handler_;
  std::vector<Due> due_;        // by time, the earliest last; a few at most
  std::uint64_t incoming_ = 0;  // pages of due_ that will take a frame
  std::uint64_t done_ns_ = 0;
};

}  // namespace uffdsim
