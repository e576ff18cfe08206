#include <algorithm>

#include "sim/vmm/tracker/tracker.h"

namespace uffdsim {
namespace {

constexpr TrackerRow kRows[] = {
#define UFFDSIM_TRACKER(identifier, name, sees, registration, hold, armed, first_touch, arming, \
                        sentence, source)                                                       \
  {name,                                                                                        \
   TrackerSees::sees,                                                                           \
   Registration::registration,                                                                  \
   Hold::hold,                                                                                  \
   Armed::armed,                                                                                \
   FirstTouch::first_touch,                                                                     \
   arming,                                                                                      \
   sentence,                                                                                    \
   source,                                                                                      \
   &Make##identifier##Tracker},
#include "sim/vmm/tracker/tracker.def"
};

}  // namespace

std::span<const TrackerRow> Trackers() { return kRows; }

const TrackerRow* FindTracker(std::string_view name) {
  for (const TrackerRow& row : kRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::uint64_t PagesToEvict(std::uint64_t resident, std::uint64_t limit, std::uint64_t faults) {
  // As much room as the last interval needed, within reason: less makes faults wait for frames,
  // more evicts what the next interval wants.
  const std::uint64_t least = std::max<std::uint64_t>(limit / 64, 1);
  const std::uint64_t most = std::max<std::uint64_t>(limit / 4, 1);
  const std::uint64_t room = std::clamp(faults, least, most);
  const std::uint64_t target = limit - std::min(room, limit);
  return resident > target ? resident - target : 0;
}

}  // namespace uffdsim
