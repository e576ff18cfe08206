// Invariants about what pages hold.
#include <string>

#include "model/spec/referee.h"

namespace uffdsim {

// What a private page, or a page of a file, holds from now on.
void Referee::Learn(const AbstractPage& page) {
  if (!page.has_content) return;
  if (page.object != 0) {
    history_.objects.Set(page.object, page.content);
  } else {
    history_.contents.Set(FlatMap<int>::KeyOf(page.mm, page.vpn), page.content);
  }
}

void Referee::CheckNoLostUpdate(const AbstractPage& page) {
  if (!page.has_content) return;
  const std::uint64_t key = FlatMap<int>::KeyOf(page.mm, page.vpn);
  const std::uint32_t* known =
      page.object != 0 ? history_.objects.Find(page.object) : history_.contents.Find(key);
  if (known != nullptr && *known != page.content) {
    Report(InvariantId::kNoLostUpdate, page.mm, page.vpn,
           "the page does not hold what was last written to it");
  }
  Learn(page);
}

void Referee::CheckSoftDirtyIsKept(const AbstractPage& page) {
  if (!page.tracks_soft_dirty || page.soft_dirty) return;
  // The kernel says that it does not preserve soft-dirty in device memory.
  if (page.backing == Backing::kDevice) history_.soft_dirty.Erase(page.mm, page.vpn, page.vpn + 1);
  if (!history_.soft_dirty.Contains(page.mm, page.vpn)) return;
  Report(InvariantId::kSoftDirtyIsKept, page.mm, page.vpn,
         "written since soft-dirty was cleared, yet reported clean");
}

}  // namespace uffdsim
