#include "model/path/uffd_event.h"

#include "model/path/paths.h"
#include "model/path/start.h"

namespace uffdsim {
namespace {

enum EventsStep : std::uint8_t { kAnnounce };

Next Announce(World& w, Task& t, EventsFrame& f) {
  t.sleep = Task::Sleep::kNone;
  while (f.next < f.count) {
    const EventsFrame::Item& item = f.item[f.next++];
    Message message;
    message.type = item.type;
    message.address = item.address;
    message.to = item.to;
    message.length = item.length;
    message.child_ctx = item.child;
    if (QueueEvent(w, t, item.ctx, message)) return Next::Sleep(kAnnounce);
  }
  return Next::Return();
}

constexpr Step kSteps[] = {
    StepOf<EventsFrame, &Announce>("announce", kTouchCtx | kTouchTasks),
};

}  // namespace

const Path kUffdEventPath = {"uffd_event", "mm/userfaultfd.c userfaultfd_event_wait_completion()",
                             kSteps};

void PrepareUnmapEvents(World& w, MmId mm, Vpn first, Vpn last, EventsFrame* events) {
  for (const Vma& vma : w.mm(mm).vmas.list()) {
    if (vma.end <= first || vma.start >= last || vma.ctx == CtxId(0)) continue;
    if (!w.ctx(vma.ctx).Has(kFeatureEventUnmap)) continue;
    bool known = false;
    for (std::uint8_t i = 0; i < events->count; ++i) {
      known |= events->item[i].ctx == vma.ctx && events->item[i].type == Message::Type::kUnmap &&
               events->item[i].address == AddressOf(w, first);
    }
    if (known) continue;
    RaiseChanging(w, vma.ctx);
    events->Add({.type = Message::Type::kUnmap,
                 .ctx = vma.ctx,
                 .child = {},
                 .address = AddressOf(w, first),
                 .to = 0,
                 .length = AddressOf(w, last) - AddressOf(w, first)});
  }
}

}  // namespace uffdsim
