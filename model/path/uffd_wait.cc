#include "model/path/uffd_wait.h"

#include <algorithm>

#include "model/mm/entry.h"
#include "model/path/hugetlb.h"
#include "model/path/start.h"
#include "model/path/step_table.h"

namespace uffdsim {
namespace {

bool PresentMustWait(const Arch& arch, Form form, Word word, UffdReason reason) {
  switch (reason) {
    case UffdReason::kMissing:
    case UffdReason::kMinor: return false;
    case UffdReason::kWp: return !arch.Write(form, word);
    case UffdReason::kRwp: return arch.Protnone(form, word) && arch.Uffd(form, word);
  }
  return false;
}

void MakeRunnable(World& w, TaskId id) {
  Task& t = w.task(id);
  if (t.state == Task::State::kAsleep) t.state = Task::State::kRunnable;
}

}  // namespace

std::uint64_t MessageFlags(const FaultFrame& f, const Vma&) {
  std::uint64_t flags = (f.flags & kFaultWrite) != 0 ? std::uint64_t{kFaultFlagWrite} : 0;
  switch (f.reason) {
    case UffdReason::kMissing: break;
    case UffdReason::kWp: flags |= kFaultFlagWp; break;
    case UffdReason::kMinor: flags |= kFaultFlagMinor; break;
    case UffdReason::kRwp: flags |= kFaultFlagRwp; break;
  }
  return flags;
}

bool PteMustWait(const World& w, Word word, UffdReason reason) {
  const Arch& arch = *w.arch;
  if (arch.None(Form::kPte, word) || IsUffdMarker(arch, word)) return true;
  // Swapped out or migrating since the fault: the write and protnone bits mean something else now.
  // The retry re-delivers if it must.
  if (!arch.Present(Form::kPte, word)) return false;
  return PresentMustWait(arch, Form::kPte, word, reason);
}

bool MustWait(const World& w, const FaultFrame& f, const Vma& vma) {
  const Arch& arch = *w.arch;
  const PageTable& table = w.mm(f.mm).table;
  if (vma.Hugetlb()) {
    const Word word = HugeEntry(w, f.mm, vma, f.vpn);
    return arch.None(Form::kPte, word) || w.steps->site.pte_must_wait(w, word, f.reason);
  }
  const Word pmd = table.GetPmd(f.vpn);
  if (!arch.None(Form::kPmd, pmd)) {
    return arch.Present(Form::kPmd, pmd) && PresentMustWait(arch, Form::kPmd, pmd, f.reason);
  }
  return w.steps->site.pte_must_wait(w, table.GetPte(f.vpn), f.reason);
}

std::uint64_t ReportedUnit(const World& w, const Vma& vma) {
  return vma.Hugetlb() ? PageSize(w) * HugePages(w, vma) : PageSize(w);
}

Delivery DeliverFault(World& w, Task& t, const FaultFrame& f, const Vma& vma) {
  t.fault = kVmFaultSigbus;
  if ((f.flags & kFaultKilled) != 0 || vma.ctx == CtxId(0)) return Delivery::kReturn;
  Context& ctx = w.ctx(vma.ctx);
  if (ctx.Has(kFeatureSigbus)) return Delivery::kReturn;
  if ((f.flags & kFaultUser) == 0 && ctx.user_mode_only) return Delivery::kReturn;
  if ((f.flags & kFaultAllowRetry) == 0) return Delivery::kReturn;
  if ((f.flags & kFaultNoWait) != 0) {
    t.fault = kVmFaultRetry | kVmFaultNoWait;
    return Delivery::kReturn;
  }
  t.fault = kVmFaultRetry;
  if (ctx.released) return Delivery::kReturn;

  std::uint64_t address = f.address;
  if (!ctx.Has(kFeatureExactAddress)) {
    address &= ~(w.steps->site.reported_unit(w, vma) - 1);
  }
  const std::uint64_t flags = w.steps->site.message_flags(f, vma);
  ctx.faults.push_back({.task = t.id, .address = address, .flags = flags, .read = false});
  if (!MustWait(w, f, vma)) {
    ctx.faults.pop_back();
    return Delivery::kReturn;
  }
  if (w.listener != nullptr) w.listener->OnMessage(t.id, f.mm, f.vpn, flags);
  t.sleep = Task::Sleep::kUserfault;
  t.sleep_ctx = vma.ctx;
  return Delivery::kSleep;
}

void WakeRange(World& w, CtxId id, std::uint64_t start, std::uint64_t length) {
  if (w.listener != nullptr) {
    w.listener->OnWake(id, VpnOf(w, start), VpnOf(w, PageAlignUp(w, start + length)));
  }
  std::erase_if(w.ctx(id).faults, [&](const Context::Waiter& waiter) {
    // The page of the reported address counts, so that an exact address is found too.
    const std::uint64_t page = waiter.address;
    if (page < start || page - start >= length) return false;
    MakeRunnable(w, waiter.task);
    return true;
  });
}

void WakeAll(World& w, CtxId id) {
  for (const Context::Waiter& waiter : w.ctx(id).faults) MakeRunnable(w, waiter.task);
  w.ctx(id).faults.clear();
}

void RaiseChanging(World& w, CtxId id) { ++w.ctx(id).mmap_changing; }

void DropChanging(World& w, CtxId id) {
  UFFDSIM_CHECK(w.ctx(id).mmap_changing > 0);
  --w.ctx(id).mmap_changing;
}

bool QueueEvent(World& w, Task& t, CtxId id, const Message& message) {
  Context& ctx = w.ctx(id);
  if (ctx.released) {
    DropChanging(w, id);
    return false;
  }
  ctx.events.push_back({.task = t.id, .message = message});
  t.sleep = Task::Sleep::kEvent;
  t.sleep_ctx = id;
  return true;
}

std::vector<Message> DrainMessages(World& w, CtxId id) {
  std::vector<Message> messages;
  Context& ctx = w.ctx(id);
  for (Context::Waiter& waiter : ctx.faults) {
    if (waiter.read) continue;
    waiter.read = true;
    Message message;
    message.type = Message::Type::kPagefault;
    message.address = waiter.address;
    message.flags = waiter.flags;
    message.has_ptid = ctx.Has(kFeatureThreadId);
    message.task = waiter.task;
    messages.push_back(message);
  }
  // Reading an event completes it.
  for (const Context::PendingEvent& event : std::exchange(ctx.events, {})) {
    messages.push_back(event.message);
    // Whoever reads a FORK event gets the descriptor of the child's context.
    if (event.message.type == Message::Type::kFork && !ctx.released) {
      w.ctx(event.message.child_ctx).open = true;
    }
    DropChanging(w, id);
    MakeRunnable(w, event.task);
  }
  return messages;
}

}  // namespace uffdsim
