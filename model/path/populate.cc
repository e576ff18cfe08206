#include "model/path/populate.h"

#include <algorithm>

#include "model/path/fault.h"
#include "model/path/follow_page.h"
#include "model/path/paths.h"
#include "model/path/start.h"

namespace uffdsim {
namespace {

struct PopulateFrame {
  MmId mm{};
  Vpn cur{};
  Vpn last{};
  PopulateKind kind{};
  std::uint8_t faults = 0;  // of this page, in a row
};

enum PopulateStep : std::uint8_t { kPage, kFaulted };

bool IsAdvice(PopulateKind kind) {
  return kind == PopulateKind::kRead || kind == PopulateKind::kWrite;
}

Next Stop(Task& t, Errno error) {
  t.error = error;
  return Next::Return();
}

// An error of one VMA ends mlock; mmap goes on behind the VMA.
Next StopVma(World& w, Task& t, PopulateFrame& f, Errno error) {
  const Vma* vma = w.mm(f.mm).vmas.Find(f.cur);
  if (f.kind != PopulateKind::kMap || vma == nullptr) return Stop(t, error);
  f.cur = vma->end;
  return Next::Goto(kPage);
}

// FOLL_WRITE breaks COW early in private writable mappings; shared ones need no dirtying; what is
// not readable is read by force.
std::uint32_t GupOf(PopulateKind kind, const Vma& vma) {
  switch (kind) {
    case PopulateKind::kRead: return 0;
    case PopulateKind::kWrite: return kGupWrite;
    case PopulateKind::kLock:
    case PopulateKind::kProtect:
    case PopulateKind::kMap: return vma.Has(kVmWrite) && !vma.Shared() ? kGupWrite : kGupForce;
  }
  return 0;
}

Next FaultIn(World& w, Task& t, const PopulateFrame& f, std::uint32_t gup, Follow what) {
  std::uint32_t flags = 0;
  if (f.kind != PopulateKind::kProtect) flags |= kFaultAllowRetry;
  if (what == Follow::kUnshare) {
    flags |= kFaultUnshare;
  } else if ((gup & kGupWrite) != 0) {
    flags |= kFaultWrite;
  }
  PushFault(w, t, f.mm, AddressOf(w, f.cur), flags);
  return Next::Call(kFaulted);
}

// Walks until a page needs a fault.
Next WalkPages(World& w, Task& t, PopulateFrame& f) {
  while (f.cur < f.last) {
    const VmaTree& vmas = w.mm(f.mm).vmas;
    const std::size_t at = vmas.LowerBound(f.cur);
    if (at == vmas.list().size() || vmas.list()[at].start >= f.last) {
      return Stop(t, IsAdvice(f.kind) ? Errno::kENOMEM : Errno::kOk);
    }
    const Vma& vma = vmas.list()[at];
    const std::uint32_t gup = GupOf(f.kind, vma);
    if (IsAdvice(f.kind)) {
      if (f.cur < vma.start) return Stop(t, Errno::kENOMEM);
      if (GupCheckVma(vma, gup) != Errno::kOk) return Stop(t, Errno::kEINVAL);
    } else {
      f.cur = std::max(f.cur, vma.start);
      if (vma.Has(kVmIo | kVmPfnmap | kVmLockonfault)) {
        f.cur = vma.end;
        continue;
      }
      if (!vma.Accessible() || GupCheckVma(vma, gup) != Errno::kOk) {
        return StopVma(w, t, f, Errno::kEFAULT);
      }
    }
    const Vpn end = std::min(vma.end, f.last);
    while (f.cur < end) {
      const Followed page = FollowPage(w, f.mm, vma, f.cur, gup);
      if (page.what != Follow::kPage) return FaultIn(w, t, f, gup, page.what);
      f.cur = f.cur + page.pages;
      f.faults = 0;
    }
  }
  return Stop(t, Errno::kOk);
}

Next Faulted(World& w, Task& t, PopulateFrame& f) {
  const Errno error =
      FaultErrno(t.fault, IsAdvice(f.kind) ? TellHwPoison::kYes : TellHwPoison::kNo);
  if (error != Errno::kOk) return StopVma(w, t, f, error);
  return FaultsEndlessly(t, &f.faults) ? Next::Sleep(kPage) : Next::Goto(kPage);
}

constexpr Step kSteps[] = {
    StepOf<PopulateFrame, &WalkPages>("page", kTouchVma | kTouchPte | kTouchFolio),
    StepOf<PopulateFrame, &Faulted>("faulted", kTouchNothing),
};

}  // namespace

const Path kPopulatePath = {"populate", "mm/gup.c __get_user_pages()", kSteps};

void PushPopulate(Task& t, MmId mm, Vpn first, Vpn last, PopulateKind kind) {
  PopulateFrame& f = PushPath<PopulateFrame>(t, PathOf::k_populate);
  f.mm = mm;
  f.cur = first;
  f.last = last;
  f.kind = kind;
}

}  // namespace uffdsim
