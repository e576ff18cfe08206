#include "model/path/uffd_event.h"

#include <algorithm>

#include "model/path/paths.h"
#include "model/path/start.h"

namespace uffdsim {
namespace {

struct EventsFrame {
  bool late = false;  // the late ones too
};

enum EventsStep : std::uint8_t { kAnnounce };

// The event that comes next; `end` when it is not its turn, or nothing is left.
auto NextOf(std::vector<Task::Announcement>& list, bool late) {
  const bool any = !list.empty() && (late || !list.front().late);
  return any ? list.begin() : list.end();
}

Next Announce(World& w, Task& t, EventsFrame& f) {
  t.sleep = Task::Sleep::kNone;
  for (auto next = NextOf(t.announcements, f.late); next != t.announcements.end();
       next = NextOf(t.announcements, f.late)) {
    const Task::Announcement event = *next;
    t.announcements.erase(next);
    if (QueueEvent(w, t, event.ctx, event.message)) return Next::Sleep(kAnnounce);
  }
  return Next::Return();
}

constexpr Step kSteps[] = {
    StepOf<EventsFrame, &Announce>("announce", kTouchCtx | kTouchTasks),
};

}  // namespace

const Path kUffdEventPath = {"uffd_event", "mm/userfaultfd.c userfaultfd_event_wait_completion()",
                             kSteps};

void PrepareUnmapEvents(World& w, Task& t, Vpn first, Vpn last, UnmapTurn turn) {
  const std::uint64_t address = AddressOf(w, first);
  for (const Vma& vma : w.mm(t.mm).vmas.list()) {
    if (vma.end <= first || vma.start >= last || vma.ctx == CtxId(0)) continue;
    if (!w.ctx(vma.ctx).Has(kFeatureEventUnmap)) continue;
    const bool known = std::any_of(
        t.announcements.begin(), t.announcements.end(), [&](const Task::Announcement& a) {
          return a.ctx == vma.ctx && a.message.type == Message::Type::kUnmap &&
                 a.message.address == address;
        });
    if (known) continue;
    RaiseChanging(w, vma.ctx);
    Task::Announcement event{.ctx = vma.ctx, .message = {}, .late = turn == UnmapTurn::kLate};
    event.message.type = Message::Type::kUnmap;
    event.message.address = address;
    event.message.length = AddressOf(w, last) - address;
    // Early ones stand before late ones.
    const auto at = event.late ? t.announcements.end()
                               : std::find_if(t.announcements.begin(), t.announcements.end(),
                                              [](const Task::Announcement& a) { return a.late; });
    t.announcements.insert(at, event);
  }
}

bool PushAnnouncements(Task& t, UnmapTurn upto) {
  const bool late = upto == UnmapTurn::kLate;
  if (NextOf(t.announcements, late) == t.announcements.end()) return false;
  PushPath<EventsFrame>(t, PathOf::k_uffd_event).late = late;
  return true;
}

}  // namespace uffdsim
