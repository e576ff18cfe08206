// The eviction loop of a VMM that tracks its guest with RWP, and how it can be wrong.
//
// Mirrors: Documentation/admin-guide/mm/userfaultfd.rst of Linux 7.3.4 (RWP, working set and
//          eviction), and the versions of that text that reviews found wrong: the switch after the
//          scan, the punch without a wake, DONTNEED, reading through the protected mapping.
//
// A is the guest's view of a memfd and is registered; B is the VMM's own view of it. Two vCPUs add
// one to the first byte, which starts as 17: whoever loses an update leaves less than 19.
#include <array>
#include <cstddef>

#include "sim/explore/programs/make_program.h"

namespace uffdsim {
namespace {

using enum Program::Verdict;

// --- set-ups: a page that is mapped and armed, or one that is only in the page cache ---

constexpr std::string_view kSwap[] = {"swapon"};
constexpr std::string_view kOnePage[] = {
    "memfd F 1",
    "map A shared 1 mem=F",
    "map B shared 1 mem=F",
};
constexpr std::string_view kWritten[] = {"write A 0 17"};
constexpr std::string_view kInFile[] = {"fwrite F 0 17"};
constexpr std::string_view kSmallPages[] = {
    "memfd F 512",      "map A shared 512 mem=F",   "map B shared 512 mem=F",
    "write A 0 17 512", "madvise B 0 512 HUGEPAGE",
};
constexpr std::string_view kUffd[] = {"uffd U features=missing_shmem,rwp,rwp_async"};
constexpr std::string_view kUffdMinor[] = {
    "uffd U features=missing_shmem,minor_shmem,rwp,rwp_async"};
constexpr std::string_view kArm[] = {
    "register U A 0 1 rwp,missing",
    "rwprotect U A 0 1 on",
};
constexpr std::string_view kArmMinor[] = {
    "register U A 0 1 rwp,missing,minor",
    "rwprotect U A 0 1 on",
};
constexpr std::string_view kArmAll[] = {
    "register U A 0 512 rwp,missing",
    "rwprotect U A 0 512 on",
};
constexpr std::string_view kArmAllMinor[] = {
    "register U A 0 512 rwp,missing,minor",
    "rwprotect U A 0 512 on",
};

template <std::size_t... kSizes>
constexpr auto Joined(const std::string_view (&... parts)[kSizes]) {
  std::array<std::string_view, (kSizes + ...)> all{};
  std::size_t at = 0;
  const auto append = [&](const auto& part) {
    for (const std::string_view line : part) all[at++] = line;
  };
  (append(parts), ...);
  return all;
}

constexpr auto kMapped = Joined(kOnePage, kWritten, kUffd, kArm);
constexpr auto kMappedMinor = Joined(kOnePage, kWritten, kUffdMinor, kArmMinor);
constexpr auto kCached = Joined(kOnePage, kInFile, kUffd, kArm);
constexpr auto kCachedMinor = Joined(kOnePage, kInFile, kUffdMinor, kArmMinor);
constexpr auto kSwappable = Joined(kSwap, kOnePage, kWritten, kUffd, kArm);
constexpr auto kSwappableMinor = Joined(kSwap, kOnePage, kWritten, kUffdMinor, kArmMinor);
constexpr auto kHugeable = Joined(kSmallPages, kUffd, kArmAll);
constexpr auto kHugeableMinor = Joined(kSmallPages, kUffdMinor, kArmAllMinor);

// --- the guest and the kernel ---

constexpr Act kVcpu[] = {{.text = "add A 0 1"}};
constexpr Act kReclaim[] = {{.text = "madvise A 0 1 PAGEOUT"}};
constexpr Act kCollapse[] = {{.text = "madvise B 0 512 COLLAPSE"}};

// --- the evictor ---

constexpr Act kHold = {.kind = ActKind::kHold};
constexpr Act kSync = {.text = "set_mode U disable=rwp_async"};
constexpr Act kScan = {.text = "scan A 0 1 category=accessed return=accessed"};
constexpr Act kSave = {.kind = ActKind::kKeep, .text = "read B 0", .when = ActWhen::kCold};
constexpr Act kPunch = {.text = "fallocate F 0 1 punch", .when = ActWhen::kCold};
constexpr Act kWake = {.text = "wake U A 0 1", .when = ActWhen::kCold};
constexpr Act kRelease = {.kind = ActKind::kRelease};
constexpr Act kAsync = {.text = "set_mode U enable=rwp_async"};

constexpr Act kSyncThenScan[] = {kHold, kSync, kScan, kSave, kPunch, kWake, kRelease, kAsync};
constexpr Act kScanThenSync[] = {kHold, kScan, kSync, kSave, kPunch, kWake, kRelease, kAsync};
// Whoever slept when the page went sleeps on, in a VMM that stays in synchronous mode and takes a
// page that it evicted for done.
constexpr Act kNoWake[] = {
    kHold,
    kSync,
    kScan,
    kSave,
    kPunch,
    {.kind = ActKind::kRelease, .when = ActWhen::kHot},
    {.text = "set_mode U enable=rwp_async", .when = ActWhen::kHot},
};
constexpr Act kUnmap = {.text = "madvise A 0 1 DONTNEED", .when = ActWhen::kCold};
constexpr Act kDontneed[] = {kHold, kSync, kScan, kSave, kUnmap, kWake, kRelease, kAsync};
constexpr Act kSaveFromA = {.kind = ActKind::kKeep, .text = "read A 0", .when = ActWhen::kCold};
constexpr Act kProtectedRead[] = {kHold, kSync, kScan, kSaveFromA, kPunch, kWake, kRelease, kAsync};
// The handler is not held back: it answers in the middle of the eviction.
constexpr Act kEagerHandler[] = {kSync, kScan, kSave, kPunch, kWake, kAsync};

// --- the handler ---

constexpr Reaction kHandler[] = {
    {.flags = "", .text = "copy U A % 1 $"},
    {.flags = "+MINOR", .text = "continue U A % 1"},
    {.flags = "+RWP", .text = "rwprotect U A % 1 off"},
};

// --- what must be true at the end ---

constexpr std::string_view kBothUpdates[] = {
    "set_mode U enable=rwp_async",
    "read A 0",
    "expect values 19",
};
constexpr std::string_view kFreedAndBothUpdates[] = {
    "note a page that was cold is gone from the file",
    "expect vma B 0 rss=0",
    "set_mode U enable=rwp_async",
    "read A 0",
    "expect values 19",
};

template <const auto& kActs>
constexpr ProgramThread kTwoVcpus[] = {
    {.name = "V1", .acts = kVcpu},
    {.name = "V2", .acts = kVcpu},
    {.name = "E", .acts = kActs},
};

// One vCPU less, so that the schedules with a daemon stay countable; it adds twice.
constexpr Act kVcpuTwice[] = {{.text = "add A 0 1"}, {.text = "add A 0 1"}};
constexpr ProgramThread kReclaimThreads[] = {
    {.name = "V1", .acts = kVcpuTwice},
    {.name = "E", .acts = kSyncThenScan},
    {.name = "K", .acts = kReclaim},
};
constexpr ProgramThread kCollapseThreads[] = {
    {.name = "V1", .acts = kVcpuTwice},
    {.name = "E", .acts = kSyncThenScan},
    {.name = "K", .acts = kCollapse},
};

constexpr Program Make(std::string_view name, std::string_view sentence, Program::Verdict verdict,
                       std::span<const std::string_view> setup,
                       std::span<const ProgramThread> threads,
                       std::span<const std::string_view> epilogue = kBothUpdates) {
  return MakeProgram(name, sentence, verdict, setup, threads, kHandler, epilogue);
}

constexpr Program kPrograms[] = {
    Make("documented", "synchronous mode, then scan; read through the other mapping, punch, wake",
         kSafe, kMapped, kTwoVcpus<kSyncThenScan>, kFreedAndBothUpdates),
    Make("documented-minor", "the same, registered for MINOR too", kSafe, kMappedMinor,
         kTwoVcpus<kSyncThenScan>, kFreedAndBothUpdates),
    Make("scan-before-sync", "the scan comes before the switch: an access between them is resolved",
         kBroken, kMapped, kTwoVcpus<kScanThenSync>),
    Make("no-wake", "nobody wakes who slept on the page when it was punched", kBroken, kMapped,
         kTwoVcpus<kNoWake>),
    Make("dontneed", "DONTNEED unmaps the page and frees nothing", kBroken, kMapped,
         kTwoVcpus<kDontneed>, kFreedAndBothUpdates),
    Make("protected-read", "the evictor reads through the protected mapping and waits for itself",
         kBroken, kMapped, kTwoVcpus<kProtectedRead>),
    Make("eager-handler", "the handler resolves faults on a page that is being evicted", kBroken,
         kMapped, kTwoVcpus<kEagerHandler>),
    Make("prefilled", "the page is in the file but not mapped: its first access is not seen",
         kBroken, kCached, kTwoVcpus<kSyncThenScan>),
    Make("prefilled-minor", "MINOR reports the first access to a page that is in the file", kSafe,
         kCachedMinor, kTwoVcpus<kSyncThenScan>),
    Make("eager-minor", "the handler continues a page that is being evicted", kBroken, kCachedMinor,
         kTwoVcpus<kEagerHandler>),
    Make("reclaim", "the kernel reclaims the page meanwhile: its entry, and the mark, are gone",
         kBroken, kSwappable, kReclaimThreads),
    Make("reclaim-minor", "MINOR reports the first access after the kernel's reclaim", kSafe,
         kSwappableMinor, kReclaimThreads),
    Make("file-thp", "the kernel makes a huge page of the file meanwhile, unmapping it everywhere",
         kBroken, kHugeable, kCollapseThreads),
    Make("file-thp-minor", "MINOR reports the first access after the collapse", kSafe,
         kHugeableMinor, kCollapseThreads),
};

}  // namespace

std::span<const Program> EvictionPrograms() { return kPrograms; }

}  // namespace uffdsim
