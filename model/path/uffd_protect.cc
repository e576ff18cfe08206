// WRITEPROTECT, RWPROTECT, SET_MODE, WAKE, reading messages, opening.
//
// Mirrors: mwriteprotect_range(), mrwprotect_range(), userfaultfd_set_mode(), userfaultfd_wake() of
//          mm/userfaultfd.c.
#include <algorithm>

#include "model/path/change_protection.h"
#include "model/path/hugetlb_file.h"
#include "model/path/start.h"
#include "model/path/step_table.h"
#include "model/path/uffd_ioctl.h"
#include "model/path/uffd_wait.h"

namespace uffdsim {
namespace {

Errno CheckProtect(const World& w, const Context& ctx, std::uint64_t start, std::uint64_t length,
                   std::uint64_t mode) {
  if (!ctx.initialised) return Errno::kEINVAL;
  if (ctx.mmap_changing != 0) return Errno::kEAGAIN;
  if (!RangeValid(w, start, length)) return Errno::kEINVAL;
  if ((mode & ~(kProtectOn | kProtectDontwake)) != 0) return Errno::kEINVAL;
  if (mode == (kProtectOn | kProtectDontwake)) return Errno::kEINVAL;
  if (!w.mm(ctx.mm).alive) return Errno::kESRCH;
  return Errno::kOk;
}

bool HugeMisaligned(const World& w, const Vma& vma, Vpn first, Vpn last) {
  return vma.Hugetlb() && (!HugetlbAligned(w, first.value) || !HugetlbAligned(w, last - first));
}

// All VMAs are looked at before anything changes: all or nothing.
Errno CheckVmas(const World& w, const Mm& mm, Vpn first, Vpn last, VmFlags mode) {
  const auto& list = mm.vmas.list();
  bool found = false;
  for (std::size_t i = mm.vmas.LowerBound(first); i < list.size() && list[i].start < last; ++i) {
    if (!list[i].Has(mode)) return Errno::kENOENT;
    if (HugeMisaligned(w, list[i], first, last)) return Errno::kEINVAL;
    found = true;
  }
  return found ? Errno::kOk : Errno::kENOENT;
}

void WakeIfResolving(World& w, CtxId id, std::uint64_t start, std::uint64_t length,
                     std::uint64_t mode) {
  if ((mode & (kProtectOn | kProtectDontwake)) == 0) WakeRange(w, id, start, length);
}

std::uint64_t ModeOf(const Operation& op) {
  if ((op.flags & kOpRawMode) != 0) return op.mode;
  return ((op.flags & kOpOn) != 0 ? kProtectOn : 0) |
         ((op.flags & kOpDontwake) != 0 ? kProtectDontwake : 0);
}

}  // namespace

Errno UffdWriteprotect(World& w, CtxId id, std::uint64_t start, std::uint64_t length,
                       std::uint64_t mode) {
  const Context& ctx = w.ctx(id);
  if (const Errno e = CheckProtect(w, ctx, start, length, mode); e != Errno::kOk) return e;
  const Vpn first = VpnOf(w, start);
  const Vpn last = VpnOf(w, start + length);
  Mm& mm = w.mm(ctx.mm);
  const ProtOp op = (mode & kProtectOn) != 0 ? ProtOp::kWp : ProtOp::kWpResolve;
  if (w.steps->site.writeprotect_looks_ahead(w, ctx.mm)) {
    const Errno error = CheckVmas(w, mm, first, last, kVmUffdWp);
    if (error != Errno::kOk) return error;
  }
  // VMA by VMA; in the release an unsuitable one stops, and what came before stays changed.
  Errno error = Errno::kENOENT;
  for (std::size_t i = mm.vmas.LowerBound(first); i < mm.vmas.list().size(); ++i) {
    Vma& vma = mm.vmas.list()[i];
    if (vma.start >= last) break;
    if (!vma.UffdWp()) return Errno::kENOENT;
    if (HugeMisaligned(w, vma, first, last)) return Errno::kEINVAL;
    error =
        ChangeProtection(w, ctx.mm, vma, std::max(vma.start, first), std::min(vma.end, last), op)
            .error;
    if (error != Errno::kOk) break;
  }
  if (error == Errno::kOk) WakeIfResolving(w, id, start, length, mode);
  return error;
}

Errno UffdRwprotect(World& w, CtxId id, std::uint64_t start, std::uint64_t length,
                    std::uint64_t mode) {
  const Context& ctx = w.ctx(id);
  if (const Errno e = CheckProtect(w, ctx, start, length, mode); e != Errno::kOk) return e;
  const Vpn first = VpnOf(w, start);
  const Vpn last = VpnOf(w, start + length);
  Mm& mm = w.mm(ctx.mm);
  auto& list = mm.vmas.list();
  const std::size_t begin = mm.vmas.LowerBound(first);
  if (w.steps->site.rwprotect_validates()) {
    const Errno error = CheckVmas(w, mm, first, last, kVmUffdRwp);
    if (error != Errno::kOk) return error;
  }
  if (begin == list.size() || list[begin].start >= last) return Errno::kENOENT;
  const ProtOp op = (mode & kProtectOn) != 0 ? ProtOp::kRwp : ProtOp::kRwpResolve;
  for (std::size_t i = begin; i < list.size() && list[i].start < last; ++i) {
    if (!list[i].UffdRwp()) return Errno::kENOENT;
    if (HugeMisaligned(w, list[i], first, last)) return Errno::kEINVAL;
    ChangeProtection(w, ctx.mm, list[i], std::max(list[i].start, first),
                     std::min(list[i].end, last), op);
  }
  WakeIfResolving(w, id, start, length, mode);
  return Errno::kOk;
}

bool RwprotectValidates() { return true; }
bool SetModeAllows(const Context& ctx) { return ctx.Has(kFeatureRwp); }
void SetModeWakes(World& w, CtxId ctx) { WakeAll(w, ctx); }

Errno UffdSetMode(World& w, CtxId id, std::uint64_t enable, std::uint64_t disable) {
  Context& ctx = w.ctx(id);
  if (!ctx.initialised) return Errno::kEINVAL;
  if ((enable & disable) != 0) return Errno::kEINVAL;
  const std::uint64_t toggleable = OfferedFeatures(w) & kFeatureRwpAsync;
  if (((enable | disable) & ~toggleable) != 0) return Errno::kEINVAL;
  if ((enable & kFeatureRwpAsync) != 0 && !w.steps->site.set_mode_allows(ctx)) {
    return Errno::kEINVAL;
  }
  if (!w.mm(ctx.mm).alive) return Errno::kESRCH;
  ctx.features = (ctx.features | enable) & ~disable;
  // Whoever decided "sync" has queued itself before it let go of its lock, so this finds it.
  if ((enable & kFeatureRwpAsync) != 0) w.steps->site.set_mode_wakes(w, id);
  return Errno::kOk;
}

Errno UffdWake(World& w, CtxId id, std::uint64_t start, std::uint64_t length) {
  if (!w.ctx(id).initialised || !RangeValid(w, start, length)) return Errno::kEINVAL;
  WakeRange(w, id, start, length);
  return Errno::kOk;
}

void Start_uffd(World& w, Task& t) {
  const CtxId id = OpenUffd(w, t.mm, (t.op.flags & kOpUserModeOnly) != 0);
  const Errno error = UffdApi(w, id, t.op.api, t.op.features);
  t.op.ctx = id;
  if (error != Errno::kOk) {
    Fail(t, error);
    t.outcome.call = "UFFDIO_API";
    return;
  }
  Succeed(t);
  t.outcome.features = OfferedFeatures(w);
  t.outcome.ioctls = kApiIoctls;
}

void Start_rwprotect(World& w, Task& t) {
  Answer(t, UffdRwprotect(w, t.op.ctx, t.op.start, t.op.length, ModeOf(t.op)));
}

void Start_writeprotect(World& w, Task& t) {
  Answer(t, UffdWriteprotect(w, t.op.ctx, t.op.start, t.op.length, ModeOf(t.op)));
}

void Start_set_mode(World& w, Task& t) {
  Answer(t, UffdSetMode(w, t.op.ctx, t.op.features, t.op.disable));
}

void Start_wake(World& w, Task& t) { Answer(t, UffdWake(w, t.op.ctx, t.op.start, t.op.length)); }

void Start_messages(World& w, Task& t) {
  if (!w.ctx(t.op.ctx).initialised) return Fail(t, Errno::kEINVAL);
  t.outcome.messages = DrainMessages(w, t.op.ctx);
  Succeed(t, static_cast<std::int64_t>(t.outcome.messages.size()));
}

}  // namespace uffdsim
