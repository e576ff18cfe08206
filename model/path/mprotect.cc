// Changing the protection of a range.
//
// Mirrors: do_mprotect_pkey(), mprotect_fixup() of mm/mprotect.c.
// Marker:  kept; in an RWP VMA a marked entry stays PROT_NONE whatever the new protection is.
#include <algorithm>

#include "model/path/alloc.h"
#include "model/path/change_protection.h"
#include "model/path/hugetlb.h"
#include "model/path/paths.h"
#include "model/path/populate.h"
#include "model/path/prot.h"
#include "model/path/start.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

struct MprotectFrame {
  Vpn first{};
  Vpn next{};
  Vpn last{};
};

enum MprotectStep : std::uint8_t { kApply, kPopulated };

VmFlags AccessFlags(std::uint8_t prot) {
  VmFlags flags = 0;
  if ((prot & kProtRead) != 0) flags |= kVmRead;
  if ((prot & kProtWrite) != 0) flags |= kVmWrite;
  if ((prot & kProtExec) != 0) flags |= kVmExec;
  return flags;
}

// VM_ACCOUNT follows writability of private memory (mprotect_fixup()).
VmFlags Accounted(const Vma& vma, VmFlags flags) {
  if ((flags & kVmWrite) != 0) {
    if (!vma.Has(kVmAccount | kVmWrite | kVmHugetlb | kVmShared | kVmNoreserve)) {
      flags |= kVmAccount;
    }
  } else if (vma.Has(kVmAccount) && vma.Anonymous() && vma.anon_vma == 0) {
    flags &= ~kVmAccount;
  }
  return flags;
}

// mprotect_fixup() of one piece, between boundaries. True when pages must be populated afterwards.
bool Fixup(World& w, MmId id, Vpn first, Vpn last, VmFlags flags) {
  VmaTree& vmas = w.mm(id).vmas;
  Vma& vma = *vmas.Find(first);
  const VmFlags old_flags = vma.flags;
  vma.flags = flags;
  SetPageProt(w, vma);
  ChangeProtection(w, id, vma, first, last, ProtOp::kMprotect);
  const VmFlags locked_cow = kVmShared | kVmLocked | kVmWrite;
  return (old_flags & locked_cow) == kVmLocked && (flags & kVmWrite) != 0;
}

Next Apply(World& w, Task& t, MprotectFrame& f) {
  VmaTree& vmas = w.mm(t.mm).vmas;
  while (f.next < f.last) {
    const Vma* vma = vmas.Find(f.next);
    if (vma == nullptr) {
      Fail(t, Errno::kENOMEM);
      break;
    }
    const Vpn end = std::min(vma->end, f.last);
    VmFlags flags = (vma->flags & ~kVmAccessFlags) | AccessFlags(t.op.prot);
    // VM_READ is bit 0 and VM_MAYREAD bit 4: every new right must be a permitted one.
    if ((AccessFlags(t.op.prot) & ~(flags >> 4) & kVmAccessFlags) != 0) {
      Fail(t, Errno::kEACCES);
      break;
    }
    if (vma->Has(kVmSealed)) {
      Fail(t, Errno::kEPERM);
      break;
    }
    if (flags != vma->flags) {
      flags = Accounted(*vma, flags);
      const Errno split = SplitOutVma(w, t.mm, f.next, end);
      if (split != Errno::kOk) {
        Fail(t, split);
        break;
      }
      const bool populates = Fixup(w, t.mm, f.next, end, flags);
      // Only what changed merges: neighbours that fork left alike stay apart.
      vmas.MergeAround(f.next, end);
      if (populates) {
        const Vpn begin = f.next;
        f.next = end;
        PushPopulate(t, t.mm, begin, end, PopulateKind::kProtect);
        return Next::Call(kPopulated);
      }
    }
    f.next = end;
  }
  if (f.next >= f.last) Succeed(t);
  return Next::Return();
}

Next Populated(World&, Task&, MprotectFrame&) { return Next::Goto(kApply); }

constexpr Step kSteps[] = {
    StepOf<MprotectFrame, &Apply>("apply", kTouchMemory),
    StepOf<MprotectFrame, &Populated>("populated", kTouchNothing),
};

}  // namespace

const Path kMprotectPath = {"mprotect", "mm/mprotect.c mprotect_fixup()", kSteps};

void Start_mprotect(World& w, Task& t) {
  if ((t.op.start & PageMask(w)) != 0) return Fail(t, Errno::kEINVAL);
  if (t.op.length == 0) return Succeed(t);
  const Vpn first = VpnOf(w, t.op.start);
  const Vpn last = VpnOf(w, t.op.start + PageAlignUp(w, t.op.length));
  // Nothing is done when the first page is not mapped.
  if (w.mm(t.mm).vmas.Find(first) == nullptr) return Fail(t, Errno::kENOMEM);
  MprotectFrame& f = PushPath<MprotectFrame>(t, PathOf::k_mprotect);
  f.first = first;
  f.next = first;
  f.last = last;
}

}  // namespace uffdsim
