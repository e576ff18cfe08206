// Announcing userfaultfd events one after the other, sleeping until each was read.
//
// Mirrors: userfaultfd_event_wait_completion(), userfaultfd_unmap_prep/_complete(),
//          dup_userfaultfd_complete(), mremap_userfaultfd_complete() of mm/userfaultfd.c.
// Rules:   events wait in Task::announcements, as many as there are contexts. Whoever adds one has
//          raised mmap_changing of its context.
#pragma once

#include "model/path/step.h"
#include "model/path/uffd_wait.h"

namespace uffdsim {

// userfaultfd_unmap_prep(): adds an UNMAP event for each context with the feature that has a VMA in
// [first, last), and raises its mmap_changing. `late`: see Task::Announcement.
enum class UnmapTurn : std::uint8_t { kEarly, kLate };
void PrepareUnmapEvents(World& w, Task& t, Vpn first, Vpn last, UnmapTurn turn = UnmapTurn::kEarly);

// Pushes the path that announces every event added so far but the late ones, or all of them. False,
// and nothing pushed, when there is none.
bool PushAnnouncements(Task& t, UnmapTurn upto);

}  // namespace uffdsim
