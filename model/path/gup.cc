#include "model/path/gup.h"

#include "model/path/fault.h"
#include "model/path/hw_walk.h"
#include "model/path/paths.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/start.h"

namespace uffdsim {
namespace {

struct GupFrame {
  MmId mm{};
  Vpn vpn{};
  std::uint32_t gup = 0;  // GupFlags
  GupWait wait{};
  bool forces_armed = false;  // the fault is a forced write to an armed page that nobody may access
  std::uint8_t faults = 0;    // in a row
};

enum GupStep : std::uint8_t { kFollow, kFaulted };

Next Finish(Task& t, Errno error) {
  t.error = error;
  return Next::Return();
}

std::uint32_t FaultFlagsOf(const GupFrame& f, Follow what) {
  std::uint32_t flags = 0;
  if ((f.gup & kGupRemote) != 0) flags |= kFaultRemote;
  if (what == Follow::kUnshare) {
    flags |= kFaultUnshare;
  } else if ((f.gup & kGupWrite) != 0) {
    flags |= kFaultWrite;
  }
  switch (f.wait) {
    case GupWait::kMay: return flags | kFaultAllowRetry;
    case GupWait::kCannot: return flags;
    case GupWait::kRefuse: return flags | kFaultAllowRetry | kFaultNoWait;
  }
  return flags;
}

bool Marked(const World& w, const Vma& vma, MmId mm, Vpn vpn) {
  const LeafWord leaf = ReadLeaf(w, vma, FindLeaf(w, mm, vma, vpn));
  return !w.arch->None(leaf.form, leaf.word) && IsArmed(w, vma, leaf.form, leaf.word);
}

Next FollowOnce(World& w, Task& t, GupFrame& f) {
  const Vma* vma = w.mm(f.mm).vmas.Find(f.vpn);
  if (vma == nullptr) return Finish(t, Errno::kEFAULT);
  if (const Errno e = GupCheckVma(*vma, f.gup); e != Errno::kOk) return Finish(t, e);
  const Followed page = FollowPage(w, f.mm, *vma, f.vpn, f.gup);
  if (page.what == Follow::kPage) {
    if ((f.gup & kGupPin) != 0) {
      ++w.frames[page.pfn].pins;
    } else {
      ++w.frames.Head(page.pfn).refs;
    }
    t.value = page.pfn.value;
    if (w.listener != nullptr) {
      w.listener->OnAccess(f.mm, f.vpn, (f.gup & kGupWrite) != 0 ? Access::kWrite : Access::kRead,
                           (f.gup & kGupForce) != 0 ? AccessMode::kForce : AccessMode::kGup);
    }
    return Finish(t, Errno::kOk);
  }
  const std::uint32_t force_write = kGupForce | kGupWrite;
  f.forces_armed =
      (f.gup & force_write) == force_write && !vma->Accessible() && Marked(w, *vma, f.mm, f.vpn);
  PushFault(w, t, f.mm, AddressOf(w, f.vpn), FaultFlagsOf(f, page.what));
  return Next::Call(kFaulted);
}

Next Faulted(World& w, Task& t, GupFrame& f) {
  if ((t.fault & kVmFaultNoWait) != 0) return Finish(t, Errno::kEAGAIN);
  const Vma* vma = w.mm(f.mm).vmas.Find(f.vpn);
  if (f.forces_armed && vma != nullptr && !Marked(w, *vma, f.mm, f.vpn)) {
    EmitLoss(w, f.mm, f.vpn, f.vpn + 1, Cause::kForceWrite);
  }
  const Errno error = FaultErrno(t.fault, TellHwPoison::kNo);
  if (error != Errno::kOk) return Finish(t, error);
  return FaultsEndlessly(t, &f.faults) ? Next::Sleep(kFollow) : Next::Goto(kFollow);
}

constexpr Step kSteps[] = {
    StepOf<GupFrame, &FollowOnce>("follow", kTouchVma | kTouchPte | kTouchFolio),
    StepOf<GupFrame, &Faulted>("faulted", kTouchVma | kTouchPte),
};

}  // namespace

const Path kGupPath = {"gup", "mm/gup.c __get_user_pages()", kSteps};

void PushGup(Task& t, MmId mm, Vpn vpn, std::uint32_t gup, GupWait wait) {
  GupFrame& f = PushPath<GupFrame>(t, PathOf::k_gup);
  f.mm = mm;
  f.vpn = vpn;
  f.gup = gup;
  f.wait = wait;
}

void PutGupPage(World& w, Pfn pfn, std::uint32_t gup) {
  if ((gup & kGupPin) != 0) {
    --w.frames[pfn].pins;
  } else {
    --w.frames.Head(pfn).refs;
  }
  if (!w.frames[pfn].Has(kPgZero)) MaybeFreeFolio(w, pfn);
}

}  // namespace uffdsim
