#include "sim/calibrate/memory.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "sim/uapi/uapi.h"

namespace uffdsim {
namespace {

constexpr std::size_t kHugeBytes = std::size_t{2} << 20;
constexpr int kUserModeOnly = 1;

int OpenUserfaultfd() {
  int fd = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK));
  if (fd >= 0) return fd;
  const Descriptor device(open("/dev/userfaultfd", O_RDWR | O_CLOEXEC));
  if (device.get() >= 0) {
    fd = ioctl(device.get(), uapi::kNewCall, O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) return fd;
  }
  // Faults of user code are all that the probes make.
  return static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | kUserModeOnly));
}

}  // namespace

absl::Status SystemError(const char* call) {
  const int error = errno;
  return absl::UnavailableError(std::string(call) + ": " + std::strerror(error));
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

MappedMemory& MappedMemory::operator=(MappedMemory&& other) noexcept {
  std::swap(at_, other.at_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedMemory::~MappedMemory() {
  if (at_ != nullptr) munmap(at_, bytes_);
}

void MappedMemory::WriteEachPage(std::size_t page_bytes) const {
  for (std::size_t at = 0; at < bytes_; at += page_bytes) {
    static_cast<volatile char*>(at_)[at] = 1;
  }
}

absl::StatusOr<Descriptor> NewMemfd(std::size_t bytes) {
  Descriptor memfd(memfd_create("uffdsim-calibrate", MFD_CLOEXEC));
  if (memfd.get() < 0) return SystemError("memfd_create");
  if (ftruncate(memfd.get(), static_cast<off_t>(bytes)) != 0) return SystemError("ftruncate");
  return memfd;
}

absl::StatusOr<MappedMemory> MapShared(const Descriptor& memfd, std::size_t bytes) {
  void* const at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memfd.get(), 0);
  if (at == MAP_FAILED) return SystemError("mmap");
  return MappedMemory(at, bytes);
}

absl::StatusOr<MappedMemory> MapHuge(std::size_t bytes) {
  void* const at = mmap(nullptr, bytes + kHugeBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return SystemError("mmap");
  auto* const begin = static_cast<char*>(at);
  const std::size_t head =
      (kHugeBytes - reinterpret_cast<std::uintptr_t>(begin) % kHugeBytes) % kHugeBytes;
  if (head != 0) munmap(begin, head);
  munmap(begin + head + bytes, kHugeBytes - head);
  MappedMemory mapping(begin + head, bytes);
  if (madvise(mapping.at(), bytes, MADV_HUGEPAGE) != 0) return SystemError("MADV_HUGEPAGE");
  return mapping;
}

absl::StatusOr<Descriptor> NewUserfaultfd(std::uint64_t features) {
  Descriptor uffd(OpenUserfaultfd());
  if (uffd.get() < 0) {
    if (errno == EPERM || errno == EACCES || errno == ENOSYS) {
      return absl::PermissionDeniedError(
          std::string("userfaultfd is not permitted here (") + std::strerror(errno) +
          "): expected CAP_SYS_PTRACE, vm.unprivileged_userfaultfd=1 or access to "
          "/dev/userfaultfd");
    }
    return SystemError("userfaultfd");
  }
  uapi::Api api{uapi::kApiVersion, features, 0};
  if (ioctl(uffd.get(), uapi::kApiCall, &api) == 0) return uffd;
  if (errno == EINVAL) return absl::UnimplementedError("this kernel does not have it");
  return SystemError("UFFDIO_API");
}

absl::Status RegisterRange(const Descriptor& uffd, const MappedMemory& mapping,
                           std::uint64_t mode) {
  uapi::Register argument{{mapping.address(), mapping.bytes()}, mode, 0};
  return Call(uffd, uapi::kRegisterCall, &argument, "UFFDIO_REGISTER");
}

absl::Status Call(const Descriptor& fd, unsigned long request, void* argument, const char* name) {
  if (ioctl(fd.get(), request, argument) >= 0) return absl::OkStatus();
  if (errno == ENOTTY) return absl::UnimplementedError("this kernel does not have it");
  return SystemError(name);
}

}  // namespace uffdsim
