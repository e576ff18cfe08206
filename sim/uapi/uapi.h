// The kernel's binary interface that this project speaks and Debian 12's headers lack: Linux 7.3.
//
// Mirrors: include/uapi/linux/userfaultfd.h, include/uapi/linux/fs.h, asm-generic/unistd.h,
//          asm-generic/mman-common.h. Facts of the binary interface; all fields are as wide as the
//          kernel's.
#pragma once

#include <linux/ioctl.h>

#include <cstdint>

namespace uffdsim::uapi {

inline constexpr int kMseal = 462;  // system call number on every architecture

// --- userfaultfd ---
inline constexpr unsigned kUserModeOnly = 1;
inline constexpr std::uint64_t kApiVersion = 0xAA;

struct Range {
  std::uint64_t start;
  std::uint64_t length;
};
struct Api {
  std::uint64_t api;
  std::uint64_t features;
  std::uint64_t ioctls;
};
struct Register {
  Range range;
  std::uint64_t mode;
  std::uint64_t ioctls;
};
struct Copy {
  std::uint64_t destination;
  std::uint64_t source;
  std::uint64_t length;
  std::uint64_t mode;
  std::int64_t out;
};
using Move = Copy;  // the same fields in the same order
struct Fill {       // zeropage, continue, poison
  Range range;
  std::uint64_t mode;
  std::int64_t out;
};
struct Protect {  // writeprotect, rwprotect
  Range range;
  std::uint64_t mode;
};
struct SetMode {
  std::uint64_t enable;
  std::uint64_t disable;
};

inline constexpr unsigned long kNewCall = _IO(0xAA, 0x00);  // of /dev/userfaultfd
inline constexpr unsigned long kApiCall = _IOWR(0xAA, 0x3F, Api);
inline constexpr unsigned long kRegisterCall = _IOWR(0xAA, 0x00, Register);
inline constexpr unsigned long kUnregisterCall = _IOR(0xAA, 0x01, Range);
inline constexpr unsigned long kWakeCall = _IOR(0xAA, 0x02, Range);
inline constexpr unsigned long kCopyCall = _IOWR(0xAA, 0x03, Copy);
inline constexpr unsigned long kZeropageCall = _IOWR(0xAA, 0x04, Fill);
inline constexpr unsigned long kMoveCall = _IOWR(0xAA, 0x05, Move);
inline constexpr unsigned long kWriteprotectCall = _IOWR(0xAA, 0x06, Protect);
inline constexpr unsigned long kContinueCall = _IOWR(0xAA, 0x07, Fill);
inline constexpr unsigned long kPoisonCall = _IOWR(0xAA, 0x08, Fill);
inline constexpr unsigned long kRwprotectCall = _IOWR(0xAA, 0x09, Protect);
inline constexpr unsigned long kSetModeCall = _IOW(0xAA, 0x0A, SetMode);

inline constexpr std::uint64_t kModeMissing = 1;
inline constexpr std::uint64_t kModeWp = 2;
inline constexpr std::uint64_t kModeMinor = 4;
inline constexpr std::uint64_t kModeRwp = 8;

inline constexpr std::uint64_t kFeatureWp = 1U << 0;  // UFFD_FEATURE_PAGEFAULT_FLAG_WP
inline constexpr std::uint64_t kFeatureMissingShmem = 1U << 5;
inline constexpr std::uint64_t kFeatureMinorShmem = 1U << 10;
inline constexpr std::uint64_t kFeatureWpShmem = 1U << 12;
inline constexpr std::uint64_t kFeaturePoison = 1U << 14;
inline constexpr std::uint64_t kFeatureWpAsync = 1U << 15;
inline constexpr std::uint64_t kFeatureMove = 1U << 16;
inline constexpr std::uint64_t kFeatureRwp = 1U << 17;
inline constexpr std::uint64_t kFeatureRwpAsync = 1U << 18;

// Mode words: bit 0 is the verb's own, bit 1 the other one; see kind by kind.
inline constexpr std::uint64_t kFillDontwake = 1U << 0;  // copy, zeropage, continue, poison, move
inline constexpr std::uint64_t kFillWp = 1U << 1;        // copy, continue
inline constexpr std::uint64_t kMoveHoles = 1U << 1;
inline constexpr std::uint64_t kProtectOn = 1U << 0;  // writeprotect, rwprotect
inline constexpr std::uint64_t kProtectDontwake = 1U << 1;

struct [[gnu::packed]] Message {
  std::uint8_t event;
  std::uint8_t reserved1;
  std::uint16_t reserved2;
  std::uint32_t reserved3;
  std::uint64_t argument[3];  // meaning by event
};
inline constexpr std::uint8_t kEventPagefault = 0x12;  // flags, address, thread
inline constexpr std::uint8_t kEventFork = 0x13;       // descriptor
inline constexpr std::uint8_t kEventRemap = 0x14;      // from, to, length
inline constexpr std::uint8_t kEventRemove = 0x15;     // start, end
inline constexpr std::uint8_t kEventUnmap = 0x16;      // start, end

// --- PAGEMAP_SCAN ---
struct PageRegion {
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t categories;
};
struct ScanArgument {
  std::uint64_t size;
  std::uint64_t flags;
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t walk_end;
  std::uint64_t vector;
  std::uint64_t vector_length;
  std::uint64_t max_pages;
  std::uint64_t category_inverted;
  std::uint64_t category_mask;
  std::uint64_t category_anyof_mask;
  std::uint64_t return_mask;
};
static_assert(sizeof(ScanArgument) == 96);
inline constexpr unsigned long kScanCall = _IOWR('f', 16, ScanArgument);
inline constexpr std::uint64_t kPageIsPresent = 1U << 3;
inline constexpr std::uint64_t kPageIsHuge = 1U << 6;

// --- move_pages, mlock2, mremap ---
inline constexpr int kMove = 2;
inline constexpr int kMoveAll = 4;
inline constexpr int kMlockOnfault = 1;
inline constexpr int kHugePage1G = 30 << 26;  // MAP_HUGE_1GB, MFD_HUGE_1GB
inline constexpr int kMremapMaymove = 1;
inline constexpr int kMremapFixed = 2;
inline constexpr int kMremapDontunmap = 4;

}  // namespace uffdsim::uapi
