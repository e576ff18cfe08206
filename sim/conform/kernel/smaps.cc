#include "sim/conform/kernel/smaps.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "sim/conform/kernel/files.h"

namespace uffdsim {
namespace {

// "Rss:                  16 kB"
bool TakeNumber(const std::string& line, std::string_view name, std::uint64_t* total) {
  if (line.compare(0, name.size(), name) != 0) return false;
  *total += std::strtoull(line.c_str() + name.size(), nullptr, 10);
  return true;
}

void TakeLine(const std::string& line, SmapsArea* area) {
  if (TakeNumber(line, "Rss:", &area->rss_kib)) return;
  if (TakeNumber(line, "Swap:", &area->swap_kib)) return;
  if (TakeNumber(line, "Anonymous:", &area->anon_kib)) return;
  for (const std::string_view name : {"AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:"}) {
    if (TakeNumber(line, name, &area->huge_kib)) return;
  }
  constexpr std::string_view kFlags = "VmFlags: ";
  if (line.compare(0, kFlags.size(), kFlags) != 0) return;
  area->flags = Trimmed(line.substr(kFlags.size()));
  area->hugetlb = (" " + area->flags + " ").find(" ht ") != std::string::npos;
}

}  // namespace

std::vector<SmapsArea> ReadSmaps(const std::string& path) {
  const std::string text = ReadWhole(path);
  std::vector<SmapsArea> areas;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find('\n', at);
    if (end == std::string::npos) end = text.size();
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    SmapsArea area;
    char prot[5] = "";
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s", &area.start, &area.end, prot) ==
        3) {
      area.prot = prot;
      areas.push_back(area);
    } else if (!areas.empty()) {
      TakeLine(line, &areas.back());
    }
  }
  return areas;
}

}  // namespace uffdsim
