// The part of the kernel's binary interface that measuring needs and Debian 12's headers lack.
//
// Mirrors: include/uapi/linux/userfaultfd.h and include/uapi/linux/fs.h of Linux 7.3.
#pragma once

#include <linux/ioctl.h>

#include <cstdint>

namespace uffdsim::uapi {

struct Api {
  std::uint64_t api;
  std::uint64_t features;
  std::uint64_t ioctls;
};
struct Range {
  std::uint64_t start;
  std::uint64_t length;
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
  std::int64_t done;
};
struct Fill {  // ZEROPAGE, CONTINUE
  Range range;
  std::uint64_t mode;
  std::int64_t done;
};
struct Protect {  // WRITEPROTECT, RWPROTECT
  Range range;
  std::uint64_t mode;
};
struct SetMode {
  std::uint64_t enable;
  std::uint64_t disable;
};
struct Message {
  std::uint64_t event;  // the first byte
  std::uint64_t flags;
  std::uint64_t address;
  std::uint64_t thread;
};
struct Scan {
  std::uint64_t size;
  std::uint64_t flags;
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t walk_end;
  std::uint64_t vec;
  std::uint64_t vec_len;
  std::uint64_t max_pages;
  std::uint64_t category_inverted;
  std::uint64_t category_mask;
  std::uint64_t category_anyof_mask;
  std::uint64_t return_mask;
};
struct Region {
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t categories;
};

inline constexpr std::uint64_t kApiVersion = 0xAA;
inline constexpr unsigned long kNewCall = _IO(0xAA, 0x00);  // of /dev/userfaultfd
inline constexpr unsigned long kApiCall = _IOWR(0xAA, 0x3F, Api);
inline constexpr unsigned long kRegisterCall = _IOWR(0xAA, 0x00, Register);
inline constexpr unsigned long kUnregisterCall = _IOR(0xAA, 0x01, Range);
inline constexpr unsigned long kWakeCall = _IOR(0xAA, 0x02, Range);
inline constexpr unsigned long kCopyCall = _IOWR(0xAA, 0x03, Copy);
inline constexpr unsigned long kZeropageCall = _IOWR(0xAA, 0x04, Fill);
inline constexpr unsigned long kWriteprotectCall = _IOWR(0xAA, 0x06, Protect);
inline constexpr unsigned long kContinueCall = _IOWR(0xAA, 0x07, Fill);
inline constexpr unsigned long kRwprotectCall = _IOWR(0xAA, 0x09, Protect);
inline constexpr unsigned long kSetModeCall = _IOW(0xAA, 0x0A, SetMode);
inline constexpr unsigned long kScanCall = _IOWR('f', 16, Scan);

inline constexpr std::uint64_t kModeMissing = 1;
inline constexpr std::uint64_t kModeWp = 2;
inline constexpr std::uint64_t kModeMinor = 4;
inline constexpr std::uint64_t kModeRwp = 8;

inline constexpr std::uint64_t kFeatureMissingShmem = 1U << 5;
inline constexpr std::uint64_t kFeatureMinorShmem = 1U << 10;
inline constexpr std::uint64_t kFeatureWpShmem = 1U << 12;
inline constexpr std::uint64_t kFeatureWpAsync = 1U << 15;
inline constexpr std::uint64_t kFeatureRwp = 1U << 17;
inline constexpr std::uint64_t kFeatureRwpAsync = 1U << 18;

inline constexpr std::uint64_t kPageIsPresent = 1U << 3;
inline constexpr std::uint64_t kPageIsHuge = 1U << 6;

}  // namespace uffdsim::uapi
