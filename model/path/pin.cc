#include "model/path/pin.h"

#include <algorithm>
#include <utility>

#include "model/path/gup.h"
#include "model/path/paths.h"
#include "model/path/start.h"

namespace uffdsim {
namespace {

// A buffer is written to by devices, for as long as they like.
constexpr std::uint32_t kGupBuffer = kGupPin | kGupLongterm | kGupWrite;
// The handle of a buffer while its pages are still being pinned.
constexpr std::uint32_t kNotYet = ~0U;
constexpr std::uint64_t kLongestBuffer = 1ULL << 30;

struct PinFrame {
  std::uint32_t slot = 0;  // in World::pinned
  Vpn next{};
  Vpn last{};
  bool fast = true;  // the lockless walk of gup_fast() has not met a page that needs a fault
};

enum PinStep : std::uint8_t { kTakePage, kTaken };

std::uint32_t FreshSlot(World& w) {
  std::size_t i = 0;
  while (i < w.pinned.size() && !w.pinned[i].holders.empty()) ++i;
  if (i == w.pinned.size()) w.pinned.emplace_back();
  return static_cast<std::uint32_t>(i);
}

// One descriptor is closed; the last one lets go of the pages.
void CloseBuffer(World& w, PinnedBuffer& buffer, MmId holder) {
  std::erase(buffer.holders, holder);
  if (!buffer.holders.empty()) return;
  for (const Pfn pfn : std::exchange(buffer.frames, {})) PutGupPage(w, pfn, kGupBuffer);
}

bool FastWalkTakes(World& w, MmId mm, Vpn vpn) {
  const Vma* vma = w.mm(mm).vmas.Find(vpn);
  return vma != nullptr &&
         FollowPage(w, mm, *vma, vpn, kGupBuffer | kGupFast).what == Follow::kPage;
}

Next TakePage(World& w, Task& t, PinFrame& f) {
  if (f.next == f.last) {
    w.pinned[f.slot].handle = t.op.pin;
    Succeed(t);
    return Next::Return();
  }
  f.fast = f.fast && FastWalkTakes(w, t.mm, f.next);
  const std::uint32_t fast = f.fast ? std::uint32_t{kGupFast} : 0U;
  PushGup(t, t.mm, f.next, kGupBuffer | fast, GupWait::kMay);
  return Next::Call(kTaken);
}

// All or nothing: what was pinned before an error is let go.
Next Taken(World& w, Task& t, PinFrame& f) {
  PinnedBuffer& buffer = w.pinned[f.slot];
  if (t.error != Errno::kOk) {
    Fail(t, buffer.frames.empty() ? t.error : Errno::kEFAULT);
    CloseBuffer(w, buffer, t.mm);
    return Next::Return();
  }
  buffer.frames.push_back(Pfn(static_cast<std::uint32_t>(t.value)));
  ++f.next;
  return Next::Goto(kTakePage);
}

constexpr Step kSteps[] = {
    StepOf<PinFrame, &TakePage>("take", kTouchNothing),
    StepOf<PinFrame, &Taken>("taken", kTouchFolio | kTouchSwap),
};

bool Holds(const PinnedBuffer& buffer, MmId mm) {
  return std::find(buffer.holders.begin(), buffer.holders.end(), mm) != buffer.holders.end();
}

}  // namespace

const Path kPinPath = {"pin", "io_uring/rsrc.c io_sqe_buffer_register()", kSteps};

void DupPins(World& w, MmId parent, MmId child) {
  for (PinnedBuffer& buffer : w.pinned) {
    if (Holds(buffer, parent)) buffer.holders.push_back(child);
  }
}

void DropPins(World& w, MmId mm) {
  for (PinnedBuffer& buffer : w.pinned) {
    if (Holds(buffer, mm)) CloseBuffer(w, buffer, mm);
  }
}

void Start_pin(World& w, Task& t) {
  if (t.op.length == 0 || t.op.length > kLongestBuffer) return Fail(t, Errno::kEFAULT);
  const std::uint32_t slot = FreshSlot(w);
  w.pinned[slot].handle = kNotYet;
  w.pinned[slot].holders = {t.mm};
  PinFrame& f = PushPath<PinFrame>(t, PathOf::k_pin);
  f.slot = slot;
  f.next = VpnOf(w, t.op.start);
  f.last = VpnOf(w, PageAlignUp(w, t.op.start + t.op.length));
}

void Start_unpin(World& w, Task& t) {
  for (PinnedBuffer& buffer : w.pinned) {
    if (buffer.handle != t.op.pin || !Holds(buffer, t.mm)) continue;
    CloseBuffer(w, buffer, t.mm);
    return Succeed(t);
  }
  Fail(t, Errno::kEBADF);
}

}  // namespace uffdsim
