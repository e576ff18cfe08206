// The running kernel's memory and types, read only: /proc/kcore, /proc/kallsyms, BTF.
//
// Mirrors: fs/proc/kcore.c (an ELF core file of the kernel), include/uapi/linux/btf.h. No debug
//          kernel and no module is needed, only root.
// Errors:  false, with the reason in `why`. Units: bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace uffdsim {

class KernelMemory {
 public:
  KernelMemory() = default;
  KernelMemory(const KernelMemory&) = delete;
  KernelMemory& operator=(const KernelMemory&) = delete;
  ~KernelMemory();

  bool Open(std::string* why);
  bool ReadVirtual(std::uint64_t address, void* out, std::size_t bytes) const;
  bool ReadPhysical(std::uint64_t address, void* out, std::size_t bytes) const;

 private:
  struct Segment {
    std::uint64_t address = 0;
    std::uint64_t physical = 0;  // ~0: not of the direct map
    std::uint64_t bytes = 0;
    std::uint64_t offset = 0;  // in the file
  };
  int file_ = -1;
  std::vector<Segment> segments_;
};

// The address of a symbol, or 0.
std::uint64_t KernelSymbol(std::string_view name);

// Offsets of members of the kernel's structures.
class KernelTypes {
 public:
  bool Load(std::string* why);
  // Byte offset of a member, anonymous unions and structures looked through; -1 when there is none.
  std::int64_t Offset(std::string_view structure, std::string_view member) const;

 private:
  std::int64_t OffsetIn(std::uint32_t type, std::string_view member, int depth) const;
  std::string_view Name(std::uint32_t offset) const;

  std::string data_;
  std::uint64_t strings_ = 0;         // offset of the string section
  std::vector<std::uint64_t> types_;  // offset of type i + 1
};

}  // namespace uffdsim
