#include "sim/conform/kernel/kernel_memory.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "sim/conform/kernel/files.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kNoPhysical = ~std::uint64_t{0};

bool ReadAt(int file, std::uint64_t offset, void* out, std::size_t bytes) {
  return pread(file, out, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes);
}

}  // namespace

KernelMemory::~KernelMemory() {
  if (file_ >= 0) close(file_);
}

bool KernelMemory::Open(std::string* why) {
  if (!segments_.empty()) return true;
  file_ = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
  Elf64_Ehdr header{};
  if (file_ < 0 || !ReadAt(file_, 0, &header, sizeof(header))) {
    *why = "/proc/kcore cannot be read";
    return false;
  }
  std::vector<Elf64_Phdr> programs(header.e_phnum);
  if (!ReadAt(file_, header.e_phoff, programs.data(), programs.size() * sizeof(Elf64_Phdr))) {
    *why = "/proc/kcore has no program headers";
    return false;
  }
  for (const Elf64_Phdr& program : programs) {
    if (program.p_type != PT_LOAD) continue;
    segments_.push_back({program.p_vaddr, program.p_paddr, program.p_memsz, program.p_offset});
  }
  return true;
}

bool KernelMemory::ReadVirtual(std::uint64_t address, void* out, std::size_t bytes) const {
  for (const Segment& s : segments_) {
    if (address < s.address || address - s.address >= s.bytes) continue;
    return ReadAt(file_, s.offset + (address - s.address), out, bytes);
  }
  return false;
}

bool KernelMemory::ReadPhysical(std::uint64_t address, void* out, std::size_t bytes) const {
  for (const Segment& s : segments_) {
    if (s.physical == kNoPhysical || address < s.physical || address - s.physical >= s.bytes) {
      continue;
    }
    return ReadAt(file_, s.offset + (address - s.physical), out, bytes);
  }
  return false;
}

std::uint64_t KernelSymbol(std::string_view name) {
  const std::string text = ReadWhole("/proc/kallsyms");
  const std::string wanted = " " + std::string(name) + "\n";
  const std::size_t at = text.find(wanted);
  if (at == std::string::npos) return 0;
  const std::size_t line = text.rfind('\n', at);
  return std::strtoull(text.c_str() + (line == std::string::npos ? 0 : line + 1), nullptr, 16);
}

}  // namespace uffdsim
