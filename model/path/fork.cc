#include "model/path/fork.h"

#include <algorithm>

#include "model/path/exit.h"
#include "model/path/ksm.h"
#include "model/path/paths.h"
#include "model/path/pin.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/step_table.h"
#include "model/path/uffd_event.h"
#include "model/path/uffd_ioctl.h"
#include "model/path/uffd_wait.h"

namespace uffdsim {
namespace {

constexpr VmFlags kVmLockedMask = kVmLocked | kVmLockonfault;

// --- VMAs ---

// A context of a forked process: made once per parent context.
struct DupContext {
  CtxId original{};
  CtxId copy{};
};

// dup_userfaultfd(): ENOMEM when there is no memory for the child's context.
Errno DupUserfaultfd(World& w, MmId child, Vma* vma, std::vector<DupContext>* made) {
  if (vma->ctx == CtxId(0)) return Errno::kOk;
  if (!w.ctx(vma->ctx).Has(kFeatureEventFork)) {
    const bool was_wp = vma->UffdWp();
    vma->ctx = CtxId(0);
    vma->flags &= ~kVmUffdFlags;
    if (was_wp && vma->Shared()) SetPageProt(w, *vma);
    EmitLoss(w, child, vma->start, vma->end, Cause::kForkChild);
    return Errno::kOk;
  }
  const auto known = std::find_if(made->begin(), made->end(),
                                  [&](const DupContext& d) { return d.original == vma->ctx; });
  if (known != made->end()) {
    vma->ctx = known->copy;
    return Errno::kOk;
  }
  if (w.Chooses(ChoicePoint::k_fail_context)) return Errno::kENOMEM;
  const CtxId copy(static_cast<std::uint16_t>(w.contexts.size()));
  Context fresh;
  const Context& original = w.ctx(vma->ctx);
  fresh.initialised = original.initialised;
  fresh.user_mode_only = original.user_mode_only;
  fresh.features = original.features;
  fresh.parent = vma->ctx;
  fresh.mm = child;
  w.contexts.push_back(fresh);
  RaiseChanging(w, vma->ctx);
  made->push_back({vma->ctx, copy});
  vma->ctx = copy;
  return Errno::kOk;
}

// Makes the child's slot in the table of address spaces. Contexts that still name a dead process of
// the same number keep naming a dead one.
void MakeMm(World& w, MmId child, MmId parent) {
  constexpr std::size_t kBeyondNamedProcesses = 64;
  while (w.mms.size() <= child.value) w.mms.emplace_back(*w.arch);
  MmId buried{};
  for (Context& ctx : w.contexts) {
    if (&ctx == &w.contexts[0] || ctx.mm != child) continue;
    if (buried == MmId(0)) {
      buried = MmId(static_cast<std::uint16_t>(std::max(w.mms.size(), kBeyondNamedProcesses)));
      while (w.mms.size() <= buried.value) w.mms.emplace_back(*w.arch);
    }
    ctx.mm = buried;
  }
  w.mm(child) = Mm(*w.arch);
  w.mm(child).alive = true;
  w.mm(child).parent = parent;
}

Errno DupVma(World& w, MmId parent, MmId child, const Vma& src, std::vector<DupContext>* made) {
  if (w.Chooses(ChoicePoint::k_fail_vma)) return Errno::kENOMEM;
  Vma dst = src;
  if (const Errno error = DupUserfaultfd(w, child, &dst, made); error != Errno::kOk) return error;
  // hugetlb_dup_vma_private(): a child owns no reservation.
  dst.reserve_map = 0;
  dst.huge_pages_stolen = false;
  if (dst.Has(kVmWipeonfork)) {
    dst.anon_vma = 0;
    dst.anon_vma_shared = false;
  } else if (src.anon_vma != 0) {
    dst.anon_vma = w.mm(child).next_anon_vma++;
    dst.anon_vma_shared = true;
  }
  dst.flags &= ~kVmLockedMask;
  w.mm(child).vmas.Insert(dst);
  if (dst.Has(kVmWipeonfork)) return Errno::kOk;
  const Errno error =
      CopyPageRange(w, {.parent = parent, .child = child, .src = &src, .dst = &dst});
  if (dst.ctx != CtxId(0)) EmitInherit(w, parent, src.start, src.end, child, dst.start);
  return error;
}

// --- the path ---

struct ForkFrame {
  MmId child{};
};

enum ForkStep : std::uint8_t { kDupMmap, kFlushParent, kReturnFromFork };

Next DupMmap(World& w, Task& t, ForkFrame& f) {
  f.child = t.op.target;
  MakeMm(w, f.child, t.mm);
  DupPins(w, t.mm, f.child);
  std::vector<DupContext> made;
  // By value: copying entries of the parent never changes its VMAs.
  const VmaTree::List vmas = w.mm(t.mm).vmas.list();
  for (const Vma& vma : vmas) {
    if (vma.Has(kVmDontcopy)) continue;
    if (const Errno error = DupVma(w, t.mm, f.child, vma, &made); error != Errno::kOk) {
      // The parent's entries changed all the same. No events, and the half-made
      // address space goes.
      w.steps->site.flush_forked(w, t.mm, vmas.front().start, vmas.back().end);
      for (const DupContext& context : made) w.steps->site.fork_failed(w, context.original);
      DestroyMm(w, f.child);
      Fail(t, error);
      return Next::Return();
    }
  }
  // ksm_fork(): the child of a process that the daemon scans is scanned too.
  const auto& slots = w.ksm.slots;
  if (std::any_of(slots.begin(), slots.end(),
                  [&](const KsmState::Slot& slot) { return slot.mm == t.mm; })) {
    KsmEnter(w, f.child);
  }
  for (const DupContext& context : made) {
    Task::Announcement event{.ctx = context.original, .message = {}};
    event.message.type = Message::Type::kFork;
    event.message.child_ctx = context.copy;
    t.announcements.push_back(event);
  }
  return Next::Continue();
}

// The parent's entries lost write permission; then the locks are dropped and the events announced.
Next FlushParent(World& w, Task& t, ForkFrame&) {
  const VmaTree::List& vmas = w.mm(t.mm).vmas.list();
  if (!vmas.empty()) w.steps->site.flush_forked(w, t.mm, vmas.front().start, vmas.back().end);
  return PushAnnouncements(t, UnmapTurn::kLate) ? Next::Call(kReturnFromFork) : Next::Continue();
}

Next ReturnFromFork(World& w, Task& t, ForkFrame& f) {
  // The parent's context went away before its message was read (userfaultfd_release_new()).
  for (std::size_t c = 1; c < w.contexts.size(); ++c) {
    const Context& ctx = w.contexts[c];
    const bool unread = ctx.mm == f.child && ctx.parent != CtxId(0) && !ctx.open && !ctx.released;
    if (unread) CloseUffd(w, CtxId(static_cast<std::uint16_t>(c)));
  }
  Succeed(t);
  t.outcome.child = f.child;
  return Next::Return();
}

constexpr Step kSteps[] = {
    StepOf<ForkFrame, &DupMmap>("dup_mmap", kTouchMemory | kTouchCtx),
    StepOf<ForkFrame, &FlushParent>("flush_parent", kTouchVma | kTouchTlb),
    StepOf<ForkFrame, &ReturnFromFork>("return", kTouchMemory | kTouchCtx | kTouchTasks),
};

}  // namespace

void ForkFailed(World& w, CtxId original) { DropChanging(w, original); }

const Path kForkPath = {"fork", "mm/mmap.c dup_mmap()", kSteps};

void Start_fork(World& w, Task& t) {
  if (t.op.target.value < w.mms.size() && w.mm(t.op.target).alive) {
    Bad(t, "the process number is in use");
    return;
  }
  PushPath<ForkFrame>(t, PathOf::k_fork);
}

}  // namespace uffdsim
