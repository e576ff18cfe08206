#include "model/path/populate.h"

#include "model/path/fault.h"
#include "model/path/hw_walk.h"
#include "model/path/paths.h"
#include "model/path/start.h"

namespace uffdsim {
namespace {

struct PopulateFrame {
  MmId mm{};
  PopulateKind kind{};
  Vpn next{};
  Vpn last{};
};

enum PopulateStep : std::uint8_t { kPage, kFaulted };

// __mm_populate() breaks COW in advance, so that later writes do not fault: private writable memory
// is asked for writing.
Next Page(World& w, Task& t, PopulateFrame& f) {
  t.error = Errno::kOk;
  if (f.next >= f.last) return Next::Return();
  const Vma* vma = w.mm(f.mm).vmas.Find(f.next);
  if (vma == nullptr) {
    t.error = Errno::kENOMEM;
    return Next::Return();
  }
  const bool write = f.kind == PopulateKind::kWrite ||
                     (f.kind != PopulateKind::kRead &&
                      (vma->flags & (kVmWrite | kVmShared)) == kVmWrite);
  const Access access = write ? Access::kWrite : Access::kRead;
  Pfn pfn;
  if (!vma->Accessible() || HwTranslate(w, f.mm, *vma, f.next, access, &pfn)) {
    ++f.next;
    return Next::Goto(kPage);
  }
  PushFault(w, t, f.mm, AddressOf(w, f.next), kFaultAllowRetry | (write ? kFaultWrite : 0U));
  return Next::Call(kFaulted);
}

Next Faulted(World&, Task& t, PopulateFrame&) {
  if ((t.fault & ~static_cast<std::uint32_t>(kVmFaultRetry)) == 0) return Next::Goto(kPage);
  t.error = (t.fault & kVmFaultOom) != 0 ? Errno::kENOMEM : Errno::kEFAULT;
  if ((t.fault & kVmFaultHwpoison) != 0) t.error = Errno::kEHWPOISON;
  return Next::Return();
}

constexpr Step kSteps[] = {
    StepOf<PopulateFrame, &Page>("page", kTouchPte | kTouchVma),
    StepOf<PopulateFrame, &Faulted>("faulted", kTouchNothing),
};

}  // namespace

const Path kPopulatePath = {"populate", "mm/gup.c __mm_populate()", kSteps};

void PushPopulate(Task& t, MmId mm, Vpn first, Vpn last, PopulateKind kind) {
  PopulateFrame& f = PushPath<PopulateFrame>(t, PathOf::k_populate);
  f.mm = mm;
  f.kind = kind;
  f.next = first;
  f.last = last;
}

}  // namespace uffdsim
