#include "sim/conform/kernel/huge_pool.h"

#include <cstdlib>

#include "sim/conform/kernel/files.h"

namespace uffdsim {

std::uint64_t HugePageBytes() {
  const std::string text = ReadWhole("/proc/meminfo");
  constexpr char kName[] = "Hugepagesize:";
  const std::size_t at = text.find(kName);
  if (at == std::string::npos) return 0;
  return std::strtoull(text.c_str() + at + sizeof(kName) - 1, nullptr, 10) * 1024;
}

std::string HugePoolPath() {
  const std::uint64_t bytes = HugePageBytes();
  if (bytes == 0) return "";
  return "/sys/kernel/mm/hugepages/hugepages-" + std::to_string(bytes / 1024) + "kB/nr_hugepages";
}

std::uint64_t HugePoolPages() {
  return std::strtoull(ReadWhole(HugePoolPath()).c_str(), nullptr, 10);
}

}  // namespace uffdsim
