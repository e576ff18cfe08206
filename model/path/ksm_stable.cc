#include "model/path/ksm_stable.h"

#include <algorithm>
#include <vector>

namespace uffdsim {
namespace {

constexpr std::uint64_t kMostSharers = 256;  // ksm_max_page_sharing

// is_page_sharing_candidate(): scanned pages still share it, and one more may.
bool TakesSharer(const KsmState& ksm, Pfn stable) {
  std::uint64_t sharers = 0;
  for (const KsmState::Slot& slot : ksm.slots) {
    for (const KsmState::Item& item : slot.items) sharers += item.stable == stable ? 1 : 0;
  }
  return sharers != 0 && sharers < kMostSharers;
}

}  // namespace

bool IsStable(const World& w, Pfn pfn) {
  return pfn != Pfn(0) && w.frames[pfn].Has(kPgAllocated) && w.frames[pfn].Has(kPgKsm) &&
         w.frames[pfn].mapcount > 0;
}

Pfn FindStable(World& w, Content content) {
  std::vector<Pfn>& stable = w.ksm.stable;
  std::erase_if(stable, [&](Pfn pfn) { return !IsStable(w, pfn); });
  const auto found = std::find_if(stable.rbegin(), stable.rend(), [&](Pfn pfn) {
    return w.frames[pfn].content == content && TakesSharer(w.ksm, pfn);
  });
  return found == stable.rend() ? Pfn(0) : *found;
}

}  // namespace uffdsim
