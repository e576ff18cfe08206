// Loads and stores: by user code, and by the kernel on its behalf (copy_to/from_user).
//
// Mirrors: do_user_addr_fault() of arch/x86/mm/fault.c and its twins; the access itself is the
//          hardware's. One byte of each page of a range, in order.
#include "model/path/fault.h"
#include "model/path/hw_walk.h"
#include "model/path/paths.h"
#include "model/path/rmap.h"
#include "model/path/start.h"

namespace uffdsim {
namespace {

enum class Verb : std::uint8_t { kRead, kWrite, kAdd };

struct AccessFrame {
  std::uint64_t address = 0;  // of the page's byte that comes next
  std::uint64_t done = 0;     // pages
  std::uint64_t pages = 0;
  Verb verb{};
  bool user = true;
  bool found = false;       // this trap has found the VMA under the mmap lock
  bool again = false;       // the fault is handled once more before the access is
  bool loaded = false;      // add: the byte was read, the store comes next
  std::uint8_t faults = 0;  // of this page, in a row
};

enum AccessStep : std::uint8_t { kAccess, kFaulted };

Next Stop(Task& t, const AccessFrame& f, const char* signal, const char* code) {
  if (!f.user) {
    Fail(t, Errno::kEFAULT);
    t.outcome.ret = -1;
    return Next::Return();
  }
  t.outcome.status = Outcome::Status::kSignal;
  t.outcome.signal = signal;
  t.outcome.signal_code = code;
  t.outcome.signal_at = f.address;
  t.outcome.ret = static_cast<std::int64_t>(f.done);
  return Next::Return();
}

void TouchByte(World& w, Task& t, const AccessFrame& f, Pfn pfn) {
  const auto offset = static_cast<std::uint32_t>(f.address & PageMask(w));
  if (f.verb != Verb::kWrite) {
    PushValue(t.outcome, w.contents.Read(w.frames[pfn].content, offset));
  }
  if (f.verb == Verb::kRead) return;
  std::uint64_t value = t.op.value;
  if (f.verb == Verb::kAdd) value += w.contents.Read(w.frames[pfn].content, offset);
  SetContent(w, pfn,
             w.contents.Write(w.frames[pfn].content, offset, static_cast<std::uint8_t>(value)));
}

Next TryAccess(World& w, Task& t, AccessFrame& f) {
  if (f.done == f.pages) {
    Succeed(t, static_cast<std::int64_t>(f.done));
    return Next::Return();
  }
  if (!w.mm(t.mm).alive) {
    t.outcome.status = Outcome::Status::kDied;
    return Next::Return();
  }
  const Vpn vpn = VpnOf(w, f.address);
  // An atomic add loads the byte before it tries to replace it.
  const bool load = f.verb == Verb::kRead || (f.verb == Verb::kAdd && !f.loaded);
  const Access access = load ? Access::kRead : Access::kWrite;
  const Vma* vma = w.mm(t.mm).vmas.Find(vpn);
  if (vma == nullptr) {
    const bool sticks =
        (f.found || !w.config.vma_locks) && f.again && w.arch->layout().access_code_sticks;
    return Stop(t, f, "SIGSEGV", sticks ? "ACCERR" : "MAPERR");
  }
  Pfn pfn;
  if (!f.again && HwTranslate(w, t.mm, *vma, vpn, access, &pfn)) {
    if (f.verb == Verb::kAdd && load) {
      f.loaded = true;
      return Next::Goto(kAccess);
    }
    TouchByte(w, t, f, pfn);
    if (w.listener != nullptr) {
      w.listener->OnAccess(t.mm, vpn, access, f.user ? AccessMode::kUser : AccessMode::kKernel);
    }
    ++f.done;
    f.loaded = false;
    f.faults = 0;
    f.address += PageSize(w);
    return Next::Goto(kAccess);
  }
  // The first look is under the VMA's own lock, except for what makes its first anonymous page.
  const bool first_anon = access == Access::kWrite && !vma->Shared() && vma->anon_vma == 0;
  f.found = f.again || first_anon;
  f.again = false;
  if (!VmaAllows(*vma, access)) return Stop(t, f, "SIGSEGV", "ACCERR");
  std::uint32_t flags = kFaultAllowRetry;
  if (f.user) flags |= kFaultUser;
  if (access == Access::kWrite) flags |= kFaultWrite;
  PushFault(w, t, t.mm, f.address, flags);
  return Next::Call(kFaulted);
}

Next Faulted(World& w, Task& t, AccessFrame& f) {
  // pagefault_out_of_memory() lets user code try again; the kernel's own access gives up.
  if ((t.fault & kVmFaultOom) != 0 && !f.user) return Stop(t, f, "", "");
  if ((t.fault & kVmFaultHwpoison) != 0) {
    return Stop(t, f, "SIGBUS", w.arch->layout().reports_mceerr ? "MCEERR_AR" : "ADRERR");
  }
  // VM_FAULT_RETRY goes back into the handler, which makes an entry that has become accessible
  // dirty by software: soft-dirty with it, as no access by hardware does.
  f.again = (t.fault & kVmFaultRetry) != 0;
  if ((t.fault & kVmFaultSigbus) != 0) return Stop(t, f, "SIGBUS", "ADRERR");
  if ((t.fault & kVmFaultSigsegv) != 0) return Stop(t, f, "SIGSEGV", "MAPERR");
  return FaultsEndlessly(t, &f.faults) ? Next::Sleep(kAccess) : Next::Goto(kAccess);
}

constexpr Step kSteps[] = {
    StepOf<AccessFrame, &TryAccess>("access", kTouchVma | kTouchPte | kTouchFolio | kTouchTlb),
    StepOf<AccessFrame, &Faulted>("faulted", kTouchNothing),
};

void StartAccess(World& w, Task& t, Verb verb, bool user) {
  AccessFrame& f = PushPath<AccessFrame>(t, PathOf::k_user_access);
  f.address = t.op.start;
  f.pages = PageAlignUp(w, t.op.length) / PageSize(w);
  f.verb = verb;
  f.user = user;
}

}  // namespace

const Path kUserAccessPath = {"user_access", "arch/x86/mm/fault.c do_user_addr_fault()", kSteps};

void Start_read(World& w, Task& t) { StartAccess(w, t, Verb::kRead, true); }
void Start_write(World& w, Task& t) { StartAccess(w, t, Verb::kWrite, true); }
void Start_add(World& w, Task& t) { StartAccess(w, t, Verb::kAdd, true); }
void Start_kernel_read(World& w, Task& t) { StartAccess(w, t, Verb::kRead, false); }
void Start_kernel_write(World& w, Task& t) { StartAccess(w, t, Verb::kWrite, false); }

}  // namespace uffdsim
