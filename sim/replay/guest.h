// The guest's side of memory: accesses that hit, and what happens when they do not.
//
// Mirrors: a vCPU under KVM. A hit is a translation in stage 2. A miss is an EPT violation: KVM
// walks
//          the host's page table (GUP), faults through the kernel's ordinary fault path if the
//          entry does not allow the access, and installs a translation with what the entry allows.
// Rules:   the hit path is one load and one compare; it allocates, hashes and calls nothing. The
//          compare includes the number of the tracking interval, so the first touch of a page in an
//          interval leaves the path once, to be counted.
// Owned by: the replay; the host outlives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/replay/ledger.h"
#include "sim/replay/linux_host.h"
#include "sim/replay/truth.h"
#include "traces/event.h"

namespace uffdsim {

// How a guest fault went on.
enum class GuestFault : std::uint8_t {
  kStage2Only,  // the host had the page: only the translation was missing
  kRwpAsync,    // armed by RWP, resolved in the kernel
  kWpAsync,     // write-protected, resolved in the kernel
  kMinor,       // the file had the page
  kBlocked,     // a message was queued; the vCPU sleeps
};

// Whether the pages of hits are written down, for trackers that see every access.
enum class RecordHits : std::uint8_t { kOff, kOn };

class Guest {
 public:
  Guest(LinuxHost& host, Truth& truth, Ledger& ledger, std::uint32_t vcpus);

  // Performs entries [i, end) while they hit; returns the first that needs Fault(), or `end`.
  template <RecordHits kRecord>
  std::size_t RunHits(const std::uint32_t* entries, std::size_t i, std::size_t end);

  // Handles the miss of one entry; unless it blocks, the entry hits afterwards.
  GuestFault Fault(std::uint32_t vcpu, std::uint32_t entry);

  // After kBlocked: whether somebody woke the vCPU; then Fault() goes on with the same entry.
  bool Woken(std::uint32_t vcpu) const;
  // After kBlocked: what the message said.
  FaultKind blocked_on(std::uint32_t vcpu) const { return blocked_on_[vcpu]; }

  // Pages of the hits since the last call (kOn).
  std::vector<PageId>& recorded() { return recorded_; }

 private:
  static constexpr std::size_t kAhead = 24;  // entries between prefetch and use

  // Leaves the hit path without a fault: counts the first touch of the interval, and gives the page
  // a new content number if it is written. False when stage 2 does not allow the access.
  bool Touch(std::uint32_t entry);
  void Write(std::uint32_t page);
  bool TryMap(std::uint32_t page, bool write);
  GuestFault Classify(std::uint32_t page) const;

  World& world_;
  LinuxHost& host_;
  Truth& truth_;
  Ledger& ledger_;
  std::uint32_t* words_;
  std::vector<TaskId> tasks_;          // by vCPU
  std::vector<FaultKind> blocked_on_;  // by vCPU
  std::vector<PageId> recorded_;
};

}  // namespace uffdsim
