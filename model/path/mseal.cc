// mseal(): mappings that can no longer be changed, only read and written.
//
// Mirrors: mm/mseal.c. What a seal forbids is checked where it is forbidden: unmapping, mremap,
//          mprotect, discarding advice. userfaultfd does not ask.
#include <algorithm>

#include "model/path/alloc.h"
#include "model/path/start.h"

namespace uffdsim {
namespace {

bool HasGap(const VmaTree& vmas, Vpn first, Vpn last) {
  Vpn reached = first;
  for (const Vma& vma : vmas.list()) {
    if (vma.end <= first) continue;
    if (vma.start >= last) break;
    if (vma.start > reached) return true;
    reached = vma.end;
  }
  return reached < last;
}

}  // namespace

void Start_mseal(World& w, Task& t) {
  const std::uint64_t length = PageAlignUp(w, t.op.length);
  if ((t.op.start & PageMask(w)) != 0) return Fail(t, Errno::kEINVAL);
  if (t.op.length != 0 && length == 0) return Fail(t, Errno::kEINVAL);
  if (t.op.start + length < t.op.start) return Fail(t, Errno::kEINVAL);
  if (length == 0) return Succeed(t);
  const Vpn first = VpnOf(w, t.op.start);
  const Vpn last = VpnOf(w, t.op.start + length);
  VmaTree& vmas = w.mm(t.mm).vmas;
  if (HasGap(vmas, first, last)) return Fail(t, Errno::kENOMEM);
  for (Vpn cur = first; cur < last;) {
    const Vma& vma = *vmas.Find(cur);
    const Vpn end = std::min(vma.end, last);
    if (!vma.Has(kVmSealed)) {
      const Errno split = SplitOutVma(w, t.mm, cur, end);
      if (split != Errno::kOk) return Fail(t, split);
      vmas.Find(cur)->flags |= kVmSealed;
      vmas.MergeAround(cur, end);
    }
    cur = end;
  }
  Succeed(t);
}

}  // namespace uffdsim
