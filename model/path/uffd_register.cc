// UFFDIO_API, REGISTER, UNREGISTER, close.
//
// Mirrors: userfaultfd_api(), userfaultfd_register(), userfaultfd_unregister(),
//          userfaultfd_release(), vma_can_userfault() of mm/userfaultfd.c.
// Marker:  registration never touches an entry; unregistering resolves the entries of WP and RWP
// VMAs,
//          and of no others.
#include <algorithm>

#include "model/path/alloc.h"
#include "model/path/change_protection.h"
#include "model/path/hugetlb.h"
#include "model/path/hugetlb_file.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/step_table.h"
#include "model/path/thp.h"
#include "model/path/uffd_ioctl.h"
#include "model/path/uffd_wait.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kRangeIoctls = 0x3fc;
constexpr std::uint64_t kRangeIoctlsBasic = 0x3cc;  // hugetlb: no ZEROPAGE, no MOVE
constexpr std::uint64_t kIoctlWriteprotect = 0x40;
constexpr std::uint64_t kIoctlContinue = 0x80;
constexpr std::uint64_t kIoctlRwprotect = 0x200;
constexpr std::uint64_t kAllModes = kModeMissing | kModeWp | kModeMinor | kModeRwp;

// vma_uffd_ops() and its can_userfault().
bool OpsAllow(const World& w, const Vma& vma, VmFlags flags) {
  if (vma.Anonymous()) return (flags & kVmUffdMinor) == 0;
  switch (w.files[vma.file.value].kind) {
    case FileKind::kShmem:
    case FileKind::kHugetlb: return true;
    case FileKind::kGuestMemfd:
      return w.config.guest_memfd_uffd && (flags & (kVmUffdWp | kVmUffdRwp)) == 0;
    case FileKind::kRamfs:
    case FileKind::kSpecial: return false;
  }
  return false;
}

// vma_can_userfault()
bool CanUserfault(const World& w, const Vma& vma, VmFlags flags, bool wp_async) {
  if (vma.Has(kVmDroppable | kVmShadowStack)) return false;
  if (!vma.Hugetlb() && vma.Has(kVmSpecial)) return false;
  flags &= kVmUffdFlags;
  if (wp_async && flags == kVmUffdWp) return true;
  return OpsAllow(w, vma, flags);
}

VmFlags FlagsOfMode(std::uint64_t mode) {
  VmFlags flags = 0;
  if ((mode & kModeMissing) != 0) flags |= kVmUffdMissing;
  if ((mode & kModeWp) != 0) flags |= kVmUffdWp;
  if ((mode & kModeMinor) != 0) flags |= kVmUffdMinor;
  if ((mode & kModeRwp) != 0) flags |= kVmUffdRwp;
  return flags;
}

// The checks that need no VMA.
Errno CheckMode(const World& w, const Context& ctx, std::uint64_t mode) {
  if (mode == 0 || (mode & ~kAllModes) != 0) return Errno::kEINVAL;
  if ((mode & (kModeWp | kModeRwp)) != 0 && !w.arch->SupportsUffd()) return Errno::kEINVAL;
  if ((mode & kModeRwp) != 0 && !ctx.Has(kFeatureRwp)) return Errno::kEINVAL;
  if ((mode & kModeWp) != 0 && (mode & kModeRwp) != 0) return Errno::kEINVAL;
  if ((mode & kModeMinor) != 0 && !w.arch->SupportsUffdMinor()) return Errno::kEINVAL;
  return Errno::kOk;
}

Errno CheckVma(const World& w, CtxId id, const Vma& vma, VmFlags flags, Vpn last) {
  const bool wp_async = w.ctx(id).Has(kFeatureWpAsync);
  if (!CanUserfault(w, vma, flags, wp_async)) return Errno::kEINVAL;
  if (w.steps->site.register_refuses_inaccessible(vma, flags)) return Errno::kEINVAL;
  if (!vma.Has(kVmMaywrite)) return Errno::kEPERM;
  if (vma.Hugetlb() && last <= vma.end && last > vma.start &&
      !HugetlbAligned(w, vma.hstate, last.value)) {
    return Errno::kEINVAL;
  }
  if (vma.ctx != CtxId(0) && vma.ctx != id) return Errno::kEBUSY;
  if (vma.ctx == id && w.steps->site.register_drops_protection(vma, flags)) return Errno::kEBUSY;
  return Errno::kOk;
}

// userfaultfd_register_range(): split, mark, merge. When a VMA cannot be split, those before it
// stay registered.
Errno RegisterRange(World& w, MmId mm, CtxId id, Vpn first, Vpn last, VmFlags flags) {
  VmaTree& vmas = w.mm(mm).vmas;
  std::vector<std::pair<Vpn, Vpn>> pieces;
  for (const Vma& vma : vmas.list()) {
    if (vma.end <= first || vma.start >= last) continue;
    if (vma.ctx == id && (vma.flags & flags) == flags) continue;
    pieces.emplace_back(std::max(vma.start, first), std::min(vma.end, last));
  }
  for (const auto& [begin, end] : pieces) {
    if (!TrySplitVma(w, mm, begin) || !TrySplitVma(w, mm, end)) return Errno::kENOMEM;
    Vma& vma = *vmas.Find(begin);
    const bool wp_changes = ((vma.flags ^ flags) & kVmUffdWp) != 0;
    vma.flags = (vma.flags & ~kVmUffdFlags) | flags;
    vma.ctx = id;
    if (wp_changes && vma.Shared()) SetPageProt(w, vma);
    vmas.MergeAround(begin, end);
  }
  return Errno::kOk;
}

}  // namespace

std::uint64_t TaskSize(const World& w) {
  const Geometry& g = w.arch->geometry();
  unsigned bits = g.page_shift;
  for (int level = 0; level < g.levels; ++level) bits += g.bits[level];
  // Half of what the tables span belongs to user space; the last page is kept free.
  return (1ULL << (bits - 1)) - PageSize(w);
}

bool RangeValid(const World& w, std::uint64_t start, std::uint64_t length) {
  if ((start & PageMask(w)) != 0 || (length & PageMask(w)) != 0 || length == 0) return false;
  const std::uint64_t task_size = TaskSize(w);
  return start < task_size && length <= task_size - start;
}

std::uint64_t OfferedFeatures(const World& w) {
  std::uint64_t all = (1ULL << 19) - 1;
  if (!w.arch->SupportsUffd()) {
    all &= ~std::uint64_t{kFeaturePagefaultFlagWp | kFeatureWpHugetlbfsShmem |
                          kFeatureWpUnpopulated | kFeatureWpAsync | kFeatureRwp | kFeatureRwpAsync};
  }
  if (!w.arch->SupportsUffdMinor()) {
    all &= ~std::uint64_t{kFeatureMinorHugetlbfs | kFeatureMinorShmem};
  }
  return all;
}

CtxId OpenUffd(World& w, MmId mm, bool user_mode_only) {
  const CtxId id(static_cast<std::uint16_t>(w.contexts.size()));
  Context& ctx = w.contexts.emplace_back();
  ctx.open = true;
  ctx.mm = mm;
  ctx.user_mode_only = user_mode_only;
  return id;
}

Errno UffdApi(World& w, CtxId id, std::uint64_t api, std::uint64_t features) {
  Context& ctx = w.ctx(id);
  if (api != 0xAA) return Errno::kEINVAL;
  if ((features & kFeatureEventFork) != 0 && !w.config.user_can_ptrace) return Errno::kEPERM;
  if ((features & kFeatureWpAsync) != 0) features |= kFeatureWpUnpopulated;
  if ((features & kFeatureRwpAsync) != 0 && (features & kFeatureRwp) == 0) return Errno::kEINVAL;
  if ((features & ~OfferedFeatures(w)) != 0) return Errno::kEINVAL;
  if (ctx.initialised) return Errno::kEINVAL;
  ctx.initialised = true;
  ctx.features = features;
  return Errno::kOk;
}

Errno UffdRegister(World& w, CtxId id, std::uint64_t start, std::uint64_t length,
                   std::uint64_t mode, std::uint64_t* ioctls) {
  const Context& ctx = w.ctx(id);
  if (!ctx.initialised) return Errno::kEINVAL;
  if (const Errno error = CheckMode(w, ctx, mode); error != Errno::kOk) return error;
  if (!RangeValid(w, start, length)) return Errno::kEINVAL;
  Mm& mm = w.mm(ctx.mm);
  if (!mm.alive) return Errno::kENOMEM;
  const Vpn first = VpnOf(w, start);
  const Vpn last = VpnOf(w, start + length);
  const VmFlags flags = FlagsOfMode(mode);
  const auto& list = mm.vmas.list();
  const std::size_t begin = mm.vmas.LowerBound(first);
  if (begin == list.size() || list[begin].start >= last) return Errno::kEINVAL;
  if (list[begin].Hugetlb() && !HugetlbAligned(w, list[begin].hstate, first.value))
    return Errno::kEINVAL;
  bool hugetlb = false;
  for (std::size_t i = begin; i < list.size() && list[i].start < last; ++i) {
    if (const Errno error = CheckVma(w, id, list[i], flags, last); error != Errno::kOk) {
      return error;
    }
    hugetlb |= list[i].Hugetlb();
  }
  if (const Errno error = RegisterRange(w, ctx.mm, id, first, last, flags); error != Errno::kOk) {
    return error;
  }
  std::uint64_t mask = hugetlb ? kRangeIoctlsBasic : kRangeIoctls;
  if ((mode & kModeWp) == 0) mask &= ~kIoctlWriteprotect;
  if ((mode & kModeMinor) == 0) mask &= ~kIoctlContinue;
  if ((mode & kModeRwp) == 0) mask &= ~kIoctlRwprotect;
  *ioctls = mask;
  return Errno::kOk;
}

bool RegisterRefusesInaccessible(const Vma& vma, VmFlags flags) {
  return (flags & kVmUffdRwp) != 0 && !vma.Accessible();
}

bool UnregisterRefuses(const Vma&) { return false; }

bool RegisterDropsProtection(const Vma& vma, VmFlags flags) {
  return (vma.flags & (kVmUffdWp | kVmUffdRwp) & ~flags) != 0;
}

void ResolveBeforeClearing(World& w, MmId mm, Vma& vma, Vpn first, Vpn last, Clearing) {
  if (vma.UffdWp()) ChangeProtection(w, mm, vma, first, last, ProtOp::kWpResolve);
  if (vma.UffdRwp()) ChangeProtection(w, mm, vma, first, last, ProtOp::kRwpResolve);
}

VmFlags ClearedFlags() { return kVmUffdFlags; }

Errno ClearVmaRegistration(World& w, MmId id, Vpn first, Vpn last, Clearing why) {
  Mm& mm = w.mm(id);
  // Entries first, then the flags: the resolution needs to know the mode.
  w.steps->site.resolve_before_clearing(w, id, *mm.vmas.Find(first), first, last, why);
  if (!TrySplitVma(w, id, first) || !TrySplitVma(w, id, last)) return Errno::kENOMEM;
  Vma& vma = *mm.vmas.Find(first);
  const bool was_wp = vma.UffdWp();
  // While the VMA still says whose it was.
  EmitLoss(w, id, first, last, Cause::kUnregister);
  vma.flags &= ~w.steps->site.cleared_flags();
  vma.ctx = CtxId(0);
  if (was_wp && vma.Shared()) SetPageProt(w, vma);
  return Errno::kOk;
}

Errno UffdUnregister(World& w, CtxId id, std::uint64_t start, std::uint64_t length) {
  const Context& ctx = w.ctx(id);
  if (!ctx.initialised || !RangeValid(w, start, length)) return Errno::kEINVAL;
  Mm& mm = w.mm(ctx.mm);
  if (!mm.alive) return Errno::kENOMEM;
  const Vpn first = VpnOf(w, start);
  const Vpn last = VpnOf(w, start + length);
  const auto& list = mm.vmas.list();
  const std::size_t begin = mm.vmas.LowerBound(first);
  if (begin == list.size() || list[begin].start >= last) return Errno::kEINVAL;
  if (list[begin].Hugetlb() && !HugetlbAligned(w, list[begin].hstate, first.value))
    return Errno::kEINVAL;
  struct Piece {
    Vpn first;
    Vpn last;
    bool wakes;
    bool hugetlb;
    Hstate hstate;
  };
  std::vector<Piece> pieces;
  for (std::size_t i = begin; i < list.size() && list[i].start < last; ++i) {
    const Vma& vma = list[i];
    if (vma.ctx != CtxId(0) && vma.ctx != id) return Errno::kEINVAL;
    if (!CanUserfault(w, vma, vma.flags, ctx.Has(kFeatureWpAsync))) return Errno::kEINVAL;
    if (w.steps->site.unregister_refuses(vma)) return Errno::kEINVAL;
    if (vma.ctx == CtxId(0)) continue;
    pieces.push_back({std::max(vma.start, first), std::min(vma.end, last),
                      w.steps->site.unregister_wakes(w, vma), vma.Hugetlb(), vma.hstate});
    if (vma.Hugetlb() && !HugetlbAligned(w, vma.hstate, pieces.back().last.value) &&
        w.steps->site.unregister_looks_ahead(w, ctx.mm)) {
      return Errno::kEINVAL;
    }
  }
  const CtxId owner = id;
  Errno error = Errno::kOk;
  for (const Piece& piece : pieces) {
    if (piece.wakes) {
      WakeRange(w, owner, AddressOf(w, piece.first),
                AddressOf(w, piece.last) - AddressOf(w, piece.first));
    }
    if (piece.hugetlb && !HugetlbAligned(w, piece.hstate, piece.last.value)) {
      // The split fails, but only after the entries were resolved (rounded up to a huge page).
      Vma& vma = *mm.vmas.Find(piece.first);
      const Vpn end((piece.last.value | (HugePages(w, piece.hstate) - 1)) + 1);
      w.steps->site.resolve_before_clearing(w, ctx.mm, vma, piece.first, end,
                                            Clearing::kUnregister);
      error = Errno::kEINVAL;
      break;
    }
    error = ClearVmaRegistration(w, ctx.mm, piece.first, piece.last, Clearing::kUnregister);
    if (error != Errno::kOk) break;
    mm.vmas.MergeAround(piece.first, piece.last);
  }
  return error;
}

void CloseUffd(World& w, CtxId id) {
  Context& ctx = w.ctx(id);
  ctx.open = false;
  ctx.released = true;
  if (w.mm(ctx.mm).alive) {
    std::vector<std::pair<Vpn, Vpn>> pieces;
    for (const Vma& vma : w.mm(ctx.mm).vmas.list()) {
      if (vma.ctx == id) pieces.emplace_back(vma.start, vma.end);
    }
    for (const auto& [first, last] : pieces) {
      ClearVmaRegistration(w, ctx.mm, first, last, Clearing::kClose);
      w.mm(ctx.mm).vmas.MergeAround(first, last);
    }
  }
  WakeAll(w, id);
  // Events nobody will read any more: their waiters go on.
  DrainMessages(w, id);
}

void Start_register(World& w, Task& t) {
  std::uint64_t ioctls = 0;
  const Errno error = UffdRegister(w, t.op.ctx, t.op.start, t.op.length, t.op.mode, &ioctls);
  if (error != Errno::kOk) return Fail(t, error);
  Succeed(t);
  t.outcome.ioctls = ioctls;
}

void Start_unregister(World& w, Task& t) {
  const Errno error = UffdUnregister(w, t.op.ctx, t.op.start, t.op.length);
  if (error != Errno::kOk) return Fail(t, error);
  Succeed(t);
}

void Start_close(World& w, Task& t) {
  CloseUffd(w, t.op.ctx);
  Succeed(t);
}

}  // namespace uffdsim
