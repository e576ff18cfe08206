// Operations on the machine: what a process, or the machine's owner, does; and what comes back.
//
// An Operation is a plain value, so that a scenario line, a shrunk failure and a step of an
// explorer are the same thing. Addresses and lengths are in bytes (the scenario layer translates
// `REGION:page+byte`); processes, files and contexts are numbers that the scenario layer names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/base/errno.h"
#include "model/base/ids.h"

namespace uffdsim {

enum class OpCode : std::uint8_t {
#define OPERATION(name, sentence) k_##name,
#include "model/op/operations.def"
#undef OPERATION
};

enum class MapKind : std::uint8_t {
  kAnon,         // MAP_PRIVATE|MAP_ANONYMOUS
  kShmem,        // MAP_SHARED|MAP_ANONYMOUS
  kHugeAnon,     // MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB
  kHugeShared,   // MAP_SHARED|MAP_ANONYMOUS|MAP_HUGETLB
  kFileShared,   // MAP_SHARED of a file
  kFilePrivate,  // MAP_PRIVATE of a file
  kSpecial,      // installed by the kernel (_install_special_mapping()), as the vdso is
};

enum class Advice : std::uint8_t {
  kNormal,
  kRandom,
  kSequential,
  kWillneed,
  kDontneed,
  kDontneedLocked,
  kFree,
  kRemove,
  kCold,
  kPageout,
  kCollapse,
  kHugepage,
  kNohugepage,
  kPopulateRead,
  kPopulateWrite,
  kGuardInstall,
  kGuardRemove,
  kMergeable,
  kUnmergeable,
  kDontfork,
  kDofork,
  kWipeonfork,
  kKeeponfork,
  kHwpoison,
  kSoftOffline,
  kDontdump,
  kDodump,
};

enum ProtBits : std::uint8_t { kProtRead = 1, kProtWrite = 2, kProtExec = 4 };

// Flag bits of Operation::flags; each operation reads those that its comment names.
enum OpFlags : std::uint32_t {
  kOpNoreserve = 1U << 0,      // map
  kOpPopulate = 1U << 1,       // map
  kOpLocked = 1U << 2,         // map
  kOpHugetlb = 1U << 3,        // memfd
  kOpPunch = 1U << 4,          // fallocate: punch (else allocate)
  kOpOnfault = 1U << 5,        // mlock
  kOpDontunmap = 1U << 6,      // mremap
  kOpInPlace = 1U << 7,        // mremap: no MAYMOVE|FIXED destination
  kOpOn = 1U << 8,             // rwprotect, writeprotect: protect (else resolve); auto_resolve
  kOpDontwake = 1U << 9,       // resolving ioctls
  kOpWp = 1U << 10,            // copy, continue: mode WP
  kOpHoles = 1U << 11,         // move: ALLOW_SRC_HOLES
  kOpUserModeOnly = 1U << 12,  // uffd
  kOpQuery = 1U << 13,         // migrate: query only
  kOpAll = 1U << 14,           // migrate: MPOL_MF_MOVE_ALL
  kOpRaw = 1U << 15,           // observe: page-table entries and frames too
  kOpGigantic = 1U << 17,      // map of hugetlb memory, memfd: PUD-size pages
  kOpRamfs = 1U << 18,         // memfd: a file of ramfs
  kOpGuestMemfd = 1U << 19,    // memfd: a guest_memfd that user space may map
  kOpRawMode = 1U << 16,       // rwprotect, writeprotect, copy, ..: `mode` is the whole mode word
  kOpPmd = 1U << 17,           // split: the mapping (else the folio)
};

// Arguments of PAGEMAP_SCAN (struct pm_scan_arg); `start` and `length` are in the operation.
struct ScanArgs {
  std::uint64_t category_mask = 0;
  std::uint64_t category_inverted = 0;
  std::uint64_t category_anyof_mask = 0;
  std::uint64_t return_mask = 0;
  std::uint64_t flags = 0;      // PM_SCAN_WP_MATCHING = 1, PM_SCAN_CHECK_WPASYNC = 2
  std::uint64_t vec_len = 0;    // 0: no vector
  std::uint64_t max_pages = 0;  // 0: no limit
  std::uint64_t size = 96;
};

struct Operation {
  OpCode code{};
  MmId process{};              // who issues it
  std::uint64_t start = 0;     // first byte address; file offset for file operations
  std::uint64_t length = 0;    // bytes; for accesses the number of pages times the page size
  std::uint64_t start2 = 0;    // mremap: new address; move, copy: source address; map: file offset;
                               // mbind: node mask
  std::uint64_t length2 = 0;   // mremap: new length
  std::uint64_t value = 0;     // byte written or added; node; number; milliseconds; mbind: policy
  std::uint64_t mode = 0;      // register: mode bits; mode word where kOpRawMode; mbind: flags
  std::uint64_t features = 0;  // uffd: features; set_mode: bits to enable
  std::uint64_t disable = 0;   // set_mode: bits to disable
  std::uint64_t api = 0xAA;    // uffd
  std::uint32_t flags = 0;     // OpFlags
  std::uint8_t prot = 0;       // ProtBits
  MapKind map_kind{};
  Advice advice{};
  FileId file{};          // file operations, map of a file
  CtxId ctx{};            // userfaultfd operations
  MmId target{};          // fork: the child; gup: whose memory; exit: who ends (always given)
  std::uint32_t pin = 0;  // pin, unpin: the handle
  bool copy_from_memory = false;  // copy: the source is `start2`, not a page of bytes `value`
  ScanArgs scan{};
  std::string text;  // sysfs "PATH VALUE", ksm verb, note
};

// One uffd_msg, decoded.
struct Message {
  enum class Type : std::uint8_t { kPagefault, kFork, kRemap, kRemove, kUnmap } type{};
  std::uint64_t address = 0;  // pagefault: address; remap: from; remove, unmap: start
  std::uint64_t to = 0;       // remap
  std::uint64_t length = 0;   // remap, remove, unmap: bytes
  std::uint64_t flags = 0;    // pagefault: WRITE 1, WP 2, MINOR 4, RWP 8
  bool has_ptid = false;      // THREAD_ID negotiated
  TaskId task{};              // pagefault: who faulted
  CtxId child_ctx{};          // fork
};

struct ScanRegion {
  std::uint64_t start = 0;  // byte address
  std::uint64_t end = 0;
  std::uint64_t categories = 0;  // PAGE_IS_* & return_mask
};

// migrate: the system call left this page's status as it was.
inline constexpr int kNodeNotWritten = -1000;

// What an operation answered. Fields that do not apply stay empty.
struct Outcome {
  enum class Status : std::uint8_t {
    kOk,
    kError,    // `error`
    kBlocked,  // sleeps: `blocked_in`
    kSignal,   // `signal`, `signal_code`, `signal_at`
    kDied,     // the process is gone
    kBad,      // not possible here: `reason`; nothing was done
    kStarted,  // a thread that takes its steps one by one; none was taken yet
  } status = Status::kOk;
  Errno error = Errno::kOk;
  std::string blocked_in;       // kernel function
  std::string signal;           // "SIGSEGV", "SIGBUS"
  std::string signal_code;      // "SEGV_MAPERR", "SEGV_ACCERR", "BUS_ADRERR", "BUS_MCEERR_AR"
  std::uint64_t signal_at = 0;  // byte address
  std::string reason;
  std::string call;  // which system call failed, where one operation makes several
  std::optional<std::int64_t> ret;
  bool has_out = false;                               // copy, zeropage, continue, poison, move
  std::optional<std::int64_t> out_pages;              // pages done
  Errno out_error = Errno::kOk;                       // or the negative errno that was written
  std::vector<std::pair<int, std::uint64_t>> values;  // run-length; -1 = '-', -2 = 's'
  std::vector<Message> messages;
  std::uint64_t features = 0;
  std::uint64_t ioctls = 0;
  std::uint64_t walk_end = 0;
  std::vector<ScanRegion> regions;
  // Run-length of node, or -(int)Errno, or kNodeNotWritten.
  std::vector<std::pair<int, std::uint64_t>> nodes;
  std::uint64_t ksm_shared = 0;   // ksm: pages_shared
  std::uint64_t ksm_sharing = 0;  // ksm: pages_sharing
  MmId child{};
};

}  // namespace uffdsim
