// The errno values that modelled system calls return: modelled behaviour, never simulator errors.
//
// Mirrors: include/uapi/asm-generic/errno-base.h (names only; the numbers never leave the model).
#pragma once

#include <cstdint>
#include <string_view>

namespace uffdsim {

// The formatter does not settle on one form of the list.
// clang-format off
#define UFFDSIM_ERRNO_LIST(X) \
  X(EPERM) X(ENOENT) X(ESRCH) X(EINTR) X(EIO) X(E2BIG) X(EBADF) X(EAGAIN) X(ENOMEM) X(EACCES) \
  X(EFAULT) X(EBUSY) X(EEXIST) X(EXDEV) X(ENODEV) X(EINVAL) X(ENFILE) X(ENOSPC) X(ESPIPE) \
  X(EPIPE) X(ERANGE) X(ENOSYS) X(EOPNOTSUPP) X(EHWPOISON) X(ENOTTY) X(ENODATA)
// clang-format on

enum class Errno : std::uint8_t {
  kOk = 0,
#define X(name) k##name,
  UFFDSIM_ERRNO_LIST(X)
#undef X
};

// "EINVAL", or "ok" for kOk.
constexpr std::string_view ErrnoName(Errno e) {
  switch (e) {
    case Errno::kOk: return "ok";
#define X(name) \
  case Errno::k##name: return #name;
      UFFDSIM_ERRNO_LIST(X)
#undef X
  }
  return "?";
}

}  // namespace uffdsim
