// A device driver at work on a range: no system call does this by itself.
//
// Mirrors: what lib/test_hmm.c asks of mm/migrate_device.c and make_device_exclusive() of
// mm/rmap.c. Marker:  as in device.h.
#include "model/path/device.h"

#include "model/path/gup.h"
#include "model/path/paths.h"
#include "model/path/range.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

struct ExclusiveFrame {
  NamedPages range;
  Vpn cur{};
  std::int64_t taken = 0;
  Errno error = Errno::kOk;  // why the last page that was not taken was not
};

enum ExclusiveStep : std::uint8_t { kFaultIn, kTake };

// The GUP write of make_device_exclusive(), FOLL_SPLIT_PMD included. It cannot wait in userfaultfd.
Next FaultIn(World& w, Task& t, ExclusiveFrame& f) {
  if (f.cur == f.range.last) {
    if (f.taken == 0 && f.error != Errno::kOk) {
      Fail(t, f.error);
    } else {
      Succeed(t, f.taken);
    }
    return Next::Return();
  }
  const RangePage page = PageAt(w, t.mm, f.cur);
  const bool splits = page.vma != nullptr && !page.vma->Hugetlb() && page.level == 1;
  if (splits) SplitPmd(w, t.mm, *page.vma, f.cur);
  PushGup(t, t.mm, f.cur, kGupWrite | kGupRemote, GupWait::kCannot);
  return Next::Call(kTake);
}

Next Take(World& w, Task& t, ExclusiveFrame& f) {
  Errno error = t.error;
  if (error == Errno::kOk) {
    const Pfn pfn(static_cast<std::uint32_t>(t.value));
    error = MakeDeviceExclusiveEntry(w, t.mm, f.cur);
    PutGupPage(w, pfn, kGupWrite | kGupRemote);
  }
  if (error == Errno::kOk) {
    ++f.taken;
  } else {
    f.error = error;
  }
  ++f.cur;
  return Next::Goto(kFaultIn);
}

constexpr Step kSteps[] = {
    StepOf<ExclusiveFrame, &FaultIn>("fault-in", kTouchVma | kTouchPte),
    StepOf<ExclusiveFrame, &Take>("take", kTouchPte | kTouchFolio | kTouchTlb),
};

}  // namespace

const Path kDeviceExclusivePath = {"device_exclusive", "mm/rmap.c make_device_exclusive()", kSteps};

void Start_device_exclusive(World& w, Task& t) {
  ExclusiveFrame& f = PushPath<ExclusiveFrame>(t, PathOf::k_device_exclusive);
  f.range = RangeOf(w, t.op);
  f.cur = f.range.first;
}

}  // namespace uffdsim
