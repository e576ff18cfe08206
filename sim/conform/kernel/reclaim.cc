#include "sim/conform/kernel/reclaim.h"

#include <cstdlib>
#include <sstream>
#include <string>

#include "sim/conform/kernel/files.h"

namespace uffdsim {

std::uint64_t ReclaimWatch::Count() {
  std::istringstream counters(ReadWhole("/proc/vmstat"));
  std::uint64_t all = 0;
  std::string name;
  std::uint64_t number = 0;
  while (counters >> name >> number) {
    // kswapd's runs; allocations that had to reclaim themselves; pages that were looked at.
    for (const char* counted : {"pageoutrun", "allocstall", "pgscan"}) {
      if (name.rfind(counted, 0) == 0) all += number;
    }
  }
  return all;
}

}  // namespace uffdsim
