// A userfaultfd context: features, the queues of faults and events, and who sleeps in them.
//
// Mirrors: struct userfaultfd_ctx of mm/userfaultfd.c; UAPI numbers of
//          include/uapi/linux/userfaultfd.h.
// Owned by: World::contexts, by CtxId.
#pragma once

#include <cstdint>
#include <vector>

#include "model/base/ids.h"
#include "model/op/operation.h"

namespace uffdsim {

// Feature bits (UFFD_FEATURE_*).
enum UffdFeature : std::uint64_t {
  kFeaturePagefaultFlagWp = 1ULL << 0,
  kFeatureEventFork = 1ULL << 1,
  kFeatureEventRemap = 1ULL << 2,
  kFeatureEventRemove = 1ULL << 3,
  kFeatureMissingHugetlbfs = 1ULL << 4,
  kFeatureMissingShmem = 1ULL << 5,
  kFeatureEventUnmap = 1ULL << 6,
  kFeatureSigbus = 1ULL << 7,
  kFeatureThreadId = 1ULL << 8,
  kFeatureMinorHugetlbfs = 1ULL << 9,
  kFeatureMinorShmem = 1ULL << 10,
  kFeatureExactAddress = 1ULL << 11,
  kFeatureWpHugetlbfsShmem = 1ULL << 12,
  kFeatureWpUnpopulated = 1ULL << 13,
  kFeaturePoison = 1ULL << 14,
  kFeatureWpAsync = 1ULL << 15,
  kFeatureMove = 1ULL << 16,
  kFeatureRwp = 1ULL << 17,
  kFeatureRwpAsync = 1ULL << 18,
};
inline constexpr std::uint64_t kFeatureInitialised = 1ULL << 31;

// Registration modes (UFFDIO_REGISTER_MODE_*).
enum UffdMode : std::uint64_t { kModeMissing = 1, kModeWp = 2, kModeMinor = 4, kModeRwp = 8 };

// Flags of a page-fault message (UFFD_PAGEFAULT_FLAG_*).
enum UffdFaultFlag : std::uint64_t {
  kFaultFlagWrite = 1,
  kFaultFlagWp = 2,
  kFaultFlagMinor = 4,
  kFaultFlagRwp = 8,
};

// Why a fault is delivered.
enum class UffdReason : std::uint8_t { kMissing, kWp, kMinor, kRwp };

struct Context {
  // A thread that sleeps in handle_userfault(), in FIFO order. `read`: its message was read.
  struct Waiter {
    TaskId task{};
    std::uint64_t address = 0;  // what the message says; wakes match on it
    std::uint64_t flags = 0;
    bool read = false;
  };
  // A thread that sleeps in userfaultfd_event_wait_completion().
  struct PendingEvent {
    TaskId task{};
    Message message;
  };

  bool open = false;         // the file descriptor exists
  bool initialised = false;  // UFFDIO_API succeeded
  bool released = false;     // closing: nobody may sleep any more
  bool user_mode_only = false;
  MmId mm{};                   // owner
  CtxId parent{};              // forked from
  std::uint64_t features = 0;  // negotiated, without kFeatureInitialised
  std::uint32_t mmap_changing = 0;
  std::vector<Waiter> faults;
  std::vector<PendingEvent> events;
  bool auto_resolve = false;  // the scenario language's self-resolving process

  bool Has(std::uint64_t feature) const { return (features & feature) != 0; }
};

}  // namespace uffdsim
