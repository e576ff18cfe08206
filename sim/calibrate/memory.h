// What the probes work on: guest-like memory of the running host, and userfaultfds.
//
// Rules:   a memfd mapped as a VMM maps it. Everything is released at the end of its scope.
// Owned by: a probe. Errors: a Status that names the system call and the errno.
// Units:   bytes; addresses of this process.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace uffdsim {

absl::Status SystemError(const char* call);

// A descriptor that is closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  int get() const { return fd_; }

 private:
  int fd_;
};

// A mapping that is unmapped at the end.
class MappedMemory {
 public:
  MappedMemory() = default;
  MappedMemory(void* at, std::size_t bytes) : at_(static_cast<char*>(at)), bytes_(bytes) {}
  MappedMemory(MappedMemory&& other) noexcept : at_(other.at_), bytes_(other.bytes_) {
    other.at_ = nullptr;
  }
  MappedMemory& operator=(MappedMemory&& other) noexcept;
  MappedMemory(const MappedMemory&) = delete;
  MappedMemory& operator=(const MappedMemory&) = delete;
  ~MappedMemory();

  char* at() const { return at_; }
  std::size_t bytes() const { return bytes_; }
  std::uint64_t address() const { return reinterpret_cast<std::uintptr_t>(at_); }
  void WriteEachPage(std::size_t page_bytes) const;

 private:
  char* at_ = nullptr;
  std::size_t bytes_ = 0;
};

absl::StatusOr<Descriptor> NewMemfd(std::size_t bytes);
absl::StatusOr<MappedMemory> MapShared(const Descriptor& memfd, std::size_t bytes);
// Aligned to 2 MiB, with huge pages where the kernel has them.
absl::StatusOr<MappedMemory> MapHuge(std::size_t bytes);

// A userfaultfd with these features, over system call or /dev/userfaultfd. PermissionDenied with
// what to do about it where neither is allowed; Unimplemented where the kernel lacks a feature.
absl::StatusOr<Descriptor> NewUserfaultfd(std::uint64_t features);
absl::Status RegisterRange(const Descriptor& uffd, const MappedMemory& mapping, std::uint64_t mode);
// An ioctl of the userfaultfd or the pagemap.
absl::Status Call(const Descriptor& fd, unsigned long request, void* argument, const char* name);

}  // namespace uffdsim
