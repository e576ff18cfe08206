// Access to memory by system calls that go through GUP: process_vm_readv(), process_vm_writev(),
// and read and write of /proc/PID/mem.
//
// Mirrors: process_vm_rw_single_vec() of mm/process_vm_access.c, __access_remote_vm() of
//          mm/memory.c. One byte of each page of a range, in order.
// Rules:   process_vm_* pins, can wait and fails with EFAULT; /proc/PID/mem takes a plain
//          reference, never waits and fails with EIO; whether it also forces its way past the VMA's
//          permissions is the kernel's configuration. Both count the pages done before the error.
#include "model/path/gup.h"
#include "model/path/paths.h"
#include "model/path/rmap.h"
#include "model/path/start.h"

namespace uffdsim {
namespace {

enum class Door : std::uint8_t { kProcessVm, kProcMem };

struct RemoteFrame {
  MmId mm{};
  std::uint64_t address = 0;  // of the page's byte that comes next
  std::uint64_t done = 0;     // pages
  std::uint64_t pages = 0;
  Door door{};
  bool write = false;
};

enum RemoteStep : std::uint8_t { kTake, kTaken };

std::uint32_t GupOf(const World& w, const RemoteFrame& f) {
  std::uint32_t gup = kGupRemote;
  if (f.door == Door::kProcessVm) gup |= kGupPin;
  if (f.door == Door::kProcMem && w.config.proc_mem_forces) gup |= kGupForce;
  return f.write ? gup | kGupWrite : gup;
}

Next Stop(Task& t, const RemoteFrame& f) {
  t.outcome.ret = static_cast<std::int64_t>(f.done);
  Fail(t, f.door == Door::kProcessVm ? Errno::kEFAULT : Errno::kEIO);
  return Next::Return();
}

Next Take(World& w, Task& t, RemoteFrame& f) {
  if (f.done == f.pages) {
    Succeed(t, static_cast<std::int64_t>(f.done));
    return Next::Return();
  }
  if (!w.mm(f.mm).alive) return Stop(t, f);
  PushGup(t, f.mm, VpnOf(w, f.address), GupOf(w, f),
          f.door == Door::kProcessVm ? GupWait::kMay : GupWait::kCannot);
  return Next::Call(kTaken);
}

Next Taken(World& w, Task& t, RemoteFrame& f) {
  if (t.error != Errno::kOk) return Stop(t, f);
  const Pfn pfn(static_cast<std::uint32_t>(t.value));
  const auto offset = static_cast<std::uint32_t>(f.address & PageMask(w));
  if (f.write) {
    SetContent(
        w, pfn,
        w.contents.Write(w.frames[pfn].content, offset, static_cast<std::uint8_t>(t.op.value)));
    w.frames.Head(pfn).flags |= kPgDirty;
  } else {
    PushValue(t.outcome, w.contents.Read(LookAtContent(w, pfn), offset));
  }
  if (w.listener != nullptr) {
    w.listener->OnAccess(f.mm, VpnOf(w, f.address), f.write ? Access::kWrite : Access::kRead,
                         AccessMode::kReference);
  }
  PutGupPage(w, pfn, GupOf(w, f));
  ++f.done;
  f.address += PageSize(w);
  return Next::Goto(kTake);
}

constexpr Step kSteps[] = {
    StepOf<RemoteFrame, &Take>("take", kTouchNothing),
    StepOf<RemoteFrame, &Taken>("access", kTouchFolio | kTouchSwap),
};

void StartRemote(World& w, Task& t, Door door, bool write) {
  RemoteFrame& f = PushPath<RemoteFrame>(t, PathOf::k_remote_access);
  f.mm = door == Door::kProcessVm ? t.op.target : t.mm;
  f.address = t.op.start;
  f.pages = PageAlignUp(w, t.op.length) / PageSize(w);
  f.door = door;
  f.write = write;
}

}  // namespace

const Path kRemoteAccessPath = {"remote_access", "mm/process_vm_access.c process_vm_rw()", kSteps};

void Start_gup_read(World& w, Task& t) { StartRemote(w, t, Door::kProcessVm, false); }
void Start_gup_write(World& w, Task& t) { StartRemote(w, t, Door::kProcessVm, true); }
void Start_proc_mem_read(World& w, Task& t) { StartRemote(w, t, Door::kProcMem, false); }
void Start_proc_mem_write(World& w, Task& t) { StartRemote(w, t, Door::kProcMem, true); }

}  // namespace uffdsim
