// mlock2(2) and munlock(2).
//
// Mirrors: do_mlock(), apply_vma_lock_flags(), mlock_fixup() of mm/mlock.c. Population takes write
//          faults in private writable VMAs, so locking an armed page asks userfaultfd for a write.
#include <algorithm>

#include "model/path/paths.h"
#include "model/path/populate.h"
#include "model/path/start.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

struct MlockFrame {
  Vpn first{};
  Vpn last{};
  VmFlags flags = 0;  // VM_LOCKED, VM_LOCKONFAULT: what the range gets
};

enum MlockStep : std::uint8_t { kApply, kPopulated };

// mlock_fixup(): hugetlb and special mappings are never locked, and that is no error.
void FixUp(World& w, MmId mm, Vpn first, Vpn last, VmFlags flags) {
  VmaTree& vmas = w.mm(mm).vmas;
  const Vma& vma = *vmas.Find(first);
  const VmFlags wanted = (vma.flags & ~(kVmLocked | kVmLockonfault)) | flags;
  if (wanted == vma.flags || vma.Has(kVmSpecial | kVmHugetlb | kVmDroppable)) return;
  SplitVma(w, mm, first);
  SplitVma(w, mm, last);
  vmas.Find(first)->flags = wanted;
  vmas.MergeAround(first, last);
}

// apply_vma_lock_flags(): stops at the first hole; what came before stays changed.
Errno ApplyFlags(World& w, MmId mm, const MlockFrame& f) {
  VmaTree& vmas = w.mm(mm).vmas;
  Vpn cur = f.first;
  while (cur < f.last) {
    const Vma* vma = vmas.Find(cur);
    if (vma == nullptr) break;
    const Vpn end = std::min(vma->end, f.last);
    FixUp(w, mm, cur, end, f.flags);
    cur = end;
  }
  return cur < f.last ? Errno::kENOMEM : Errno::kOk;
}

Next Apply(World& w, Task& t, MlockFrame& f) {
  const Errno error = ApplyFlags(w, t.mm, f);
  if (error != Errno::kOk || f.flags == 0) return Answer(t, error);
  PushPopulate(t, t.mm, f.first, f.last, PopulateKind::kLock);
  return Next::Call(kPopulated);
}

// __mlock_posix_error_return().
Next Populated(World&, Task& t, MlockFrame&) {
  if (t.error == Errno::kEFAULT) return Answer(t, Errno::kENOMEM);
  if (t.error == Errno::kENOMEM) return Answer(t, Errno::kEAGAIN);
  return Answer(t, t.error);
}

constexpr Step kSteps[] = {
    StepOf<MlockFrame, &Apply>("apply", kTouchVma | kTouchPte | kTouchFolio),
    StepOf<MlockFrame, &Populated>("populated", kTouchNothing),
};

void StartLock(World& w, Task& t, VmFlags flags) {
  const std::uint64_t length = PageAlignUp(w, t.op.length + (t.op.start & PageMask(w)));
  if (t.op.start + length < t.op.start) return (void)Answer(t, Errno::kEINVAL);
  if (length == 0) return Succeed(t);
  MlockFrame& f = PushPath<MlockFrame>(t, PathOf::k_mlock);
  f.first = VpnOf(w, t.op.start);
  f.last = f.first + length / PageSize(w);
  f.flags = flags;
}

}  // namespace

const Path kMlockPath = {"mlock", "mm/mlock.c do_mlock()", kSteps};

void Start_mlock(World& w, Task& t) {
  const bool onfault = (t.op.flags & kOpOnfault) != 0;
  StartLock(w, t, onfault ? kVmLocked | kVmLockonfault : kVmLocked);
}

void Start_munlock(World& w, Task& t) { StartLock(w, t, 0); }

}  // namespace uffdsim
