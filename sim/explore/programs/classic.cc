// Races of a few system calls with a fault: what the kernel's locks and rechecks are there for.
//
// Mirrors: handle_userfault(), userfaultfd_set_mode(), userfaultfd_release(),
// userfaultfd_unregister(),
//          move_pages() of mm/userfaultfd.c; do_pagemap_scan() of fs/proc/task_mmu.c; dup_mmap().
#include "sim/explore/programs/make_program.h"

namespace uffdsim {
namespace {

using enum Program::Verdict;

// --- set-ups: one page, with 17 in it ---

constexpr std::string_view kArmed[] = {
    "map A anon 1",         "write A 0 17",         "uffd U features=rwp",
    "register U A 0 1 rwp", "rwprotect U A 0 1 on",
};
constexpr std::string_view kOpen[] = {
    "map A anon 1",
    "write A 0 17",
    "uffd U features=rwp",
    "register U A 0 1 rwp",
};
constexpr std::string_view kMissing[] = {
    "map A anon 1",
    "uffd U features=none",
    "register U A 0 1 missing",
};
constexpr std::string_view kWpAsync[] = {
    "map A anon 1",
    "write A 0 17",
    "uffd U features=pagefault_flag_wp,wp_async",
    "register U A 0 1 wp",
    "writeprotect U A 0 1 on",
};
constexpr std::string_view kSwappableOpen[] = {
    "swapon", "map A anon 1", "write A 0 17", "uffd U features=rwp", "register U A 0 1 rwp",
};
constexpr std::string_view kWithChildren[] = {
    "map A anon 1",
    "write A 0 17",
    "uffd U features=rwp,event_fork",
    "register U A 0 1 rwp",
};
constexpr std::string_view kTwoTargets[] = {
    "map A anon 1",
    "map B anon 1",
    "map C anon 1",
    "write A 0 17",
    "uffd U features=move",
    "register U B 0 1 missing",
    "register U C 0 1 missing",
};
constexpr std::string_view kSwappableArmed[] = {
    "swapon",
    "map A anon 1",
    "write A 0 17",
    "uffd U features=rwp",
    "register U A 0 1 rwp",
    "rwprotect U A 0 1 on",
};

// --- threads ---

constexpr Act kRead[] = {{.text = "read A 0"}};
constexpr Act kAdd[] = {{.text = "add A 0 1"}};
constexpr Act kResolve[] = {{.text = "rwprotect U A 0 1 off"}};
constexpr Act kArm[] = {{.text = "rwprotect U A 0 1 on"}};
constexpr Act kGupRead[] = {{.text = "gup_read A 0"}};
constexpr Act kKernelRead[] = {{.text = "kernel_read A 0"}};
constexpr Act kGoAsync[] = {{.text = "set_mode U enable=rwp_async"}};
constexpr Act kClose[] = {{.text = "close U"}};
constexpr Act kUnregister[] = {{.text = "unregister U A 0 1"}};
constexpr Act kUnmap[] = {{.text = "munmap A 0 1"}};
constexpr Act kScanAndProtect[] = {
    {.text = "scan A 0 1 category=written return=written flags=wp_matching"}};
constexpr Act kFork[] = {{.text = "fork 1"}};
constexpr Act kMoveToB[] = {{.text = "move U B 0 A 0 1"}};
constexpr Act kMoveToC[] = {{.text = "move U C 0 A 0 1"}};
constexpr Act kPageout[] = {{.text = "madvise A 0 1 PAGEOUT"}};
constexpr Act kReadOnlyAndBack[] = {{.text = "mprotect A 0 1 r"}, {.text = "mprotect A 0 1 rw"}};
constexpr Act kMigrate[] = {{.text = "migrate A 0 1 1"}};
constexpr Act kDiscard[] = {{.text = "madvise A 0 1 DONTNEED"}};

template <const auto& kFirst, const auto& kSecond>
constexpr ProgramThread kTwo[] = {
    {.name = "V", .acts = kFirst},
    {.name = "E", .acts = kSecond},
};

// --- the handler and the end ---

constexpr Reaction kAnswers[] = {
    {.flags = "+RWP", .text = "rwprotect U A % 1 off"},
    {.flags = "", .text = "copy U A % 1 17"},
};
constexpr std::string_view kStill17[] = {"read A 0", "expect values 17"};
constexpr std::string_view k18[] = {"read A 0", "expect values 18"};
// A write that the scan did not report is seen by the next one.
constexpr std::string_view kWrittenOnce[] = {
    "read A 0",
    "expect values 18",
};

constexpr Program kPrograms[] = {
    MakeProgram("wake-before-queue",
                "somebody else resolves and wakes while the fault is about to queue", kSafe, kArmed,
                kTwo<kRead, kResolve>, kAnswers, kStill17),
    MakeProgram("set-mode-drain",
                "the switch to asynchronous mode, and a fault that decided to sleep", kSafe, kArmed,
                kTwo<kRead, kGoAsync>, {}, kStill17),
    MakeProgram("set-mode-drain-kernel", "the same for an access by the kernel", kSafe, kArmed,
                kTwo<kKernelRead, kGoAsync>, {}, kStill17),
    MakeProgram("set-mode-drain-gup", "the same for get_user_pages()", kSafe, kArmed,
                kTwo<kGupRead, kGoAsync>, {}, kStill17),
    MakeProgram("close-vs-fault", "the descriptor is closed under a fault", kSafe, kArmed,
                kTwo<kRead, kClose>, {}, kStill17),
    MakeProgram("unregister-vs-missing", "unregistering wakes who waits for a missing page", kSafe,
                kMissing, kTwo<kRead, kUnregister>, {}, {}),
    MakeProgram("unregister-vs-rwp",
                "unregistering wakes who waits for protection to be lifted; the release does not",
                kSafe, kArmed, kTwo<kRead, kUnregister>, {}, {}),
    MakeProgram("munmap-vs-fault",
                "the mapping goes under a blocked fault; the wake is the owner's", kSafe, kArmed,
                kTwo<kRead, kUnmap>, kAnswers, {}),
    MakeProgram("arm-vs-write", "arming while a write is on its way", kSafe, kOpen,
                kTwo<kAdd, kArm>, kAnswers, k18),
    MakeProgram("arm-vs-mprotect", "arming while the page is made read-only and writable again",
                kSafe, kOpen, kTwo<kReadOnlyAndBack, kArm>, kAnswers, kStill17),
    MakeProgram("arm-vs-pageout", "arming while the page goes to swap", kSafe, kSwappableOpen,
                kTwo<kPageout, kArm>, kAnswers, kStill17),
    MakeProgram("arm-vs-migrate", "arming while the page moves", kSafe, kOpen, kTwo<kMigrate, kArm>,
                kAnswers, kStill17),
    MakeProgram("scan-vs-write", "protecting what was written, while it is written", kSafe,
                kWpAsync, kTwo<kAdd, kScanAndProtect>, {}, kWrittenOnce),
    MakeProgram("fork-vs-arm", "arming while the address space is copied", kSafe, kWithChildren,
                kTwo<kFork, kArm>, kAnswers, kStill17),
    MakeProgram("move-vs-move", "two moves of one page to two places", kSafe, kTwoTargets,
                kTwo<kMoveToB, kMoveToC>, {}, {}),
    MakeProgram("pageout-vs-fault",
                "reclaim takes the page between the fault's decision and its recheck", kSafe,
                kSwappableArmed, kTwo<kRead, kPageout>, kAnswers, kStill17),
    MakeProgram("migrate-vs-fault", "the page moves between the fault's decision and its recheck",
                kSafe, kArmed, kTwo<kRead, kMigrate>, kAnswers, kStill17),
    MakeProgram("discard-vs-fault", "the page is discarded under a fault", kSafe, kArmed,
                kTwo<kRead, kDiscard>, kAnswers, {}),
};

}  // namespace

std::span<const Program> ClassicPrograms() { return kPrograms; }

}  // namespace uffdsim
