// mbind(2).
//
// Mirrors: do_mbind(), queue_pages_range() of mm/mempolicy.c. A policy is kept as the node that it
//          allocates from first; 0 is the default policy.
#include <algorithm>

#include "model/path/alloc.h"
#include "model/path/hw_walk.h"
#include "model/path/migrate.h"
#include "model/path/paths.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/swap_out.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kMpolDefault = 0;
constexpr std::uint64_t kMpolPreferred = 1;
constexpr std::uint64_t kMpolLocal = 4;
constexpr std::uint64_t kMpolMax = 6;
constexpr std::uint64_t kMfStrict = 1;
constexpr std::uint64_t kMfMove = 2;
constexpr std::uint64_t kMfMoveAll = 4;

struct MbindFrame {
  bool strict = false;
  bool misplaced = false;  // pages that were not even queued
};

enum MbindStep : std::uint8_t { kMoved };

// What kernel_mbind() and do_mbind() look at before the range.
Errno CheckCall(const World& w, const Operation& op) {
  if (op.value > kMpolMax) return Errno::kEINVAL;
  if ((op.mode & ~(kMfStrict | kMfMove | kMfMoveAll)) != 0) return Errno::kEINVAL;
  return (op.start & PageMask(w)) != 0 ? Errno::kEINVAL : Errno::kOk;
}

// A preference for no node at all is the local policy.
bool PrefersNothing(const Operation& op) { return op.value == kMpolPreferred && op.start2 == 0; }

// mpol_new(): the default and the local policy take no nodes, the others need some that exist.
Errno CheckPolicy(const World& w, const Operation& op) {
  if (PrefersNothing(op)) return Errno::kOk;
  const bool needs_nodes = op.value != kMpolDefault && op.value != kMpolLocal;
  const std::uint64_t known = (1ULL << w.config.numa_nodes) - 1;
  if (needs_nodes && (op.start2 & known) == 0) return Errno::kEINVAL;
  if (!needs_nodes && op.start2 != 0) return Errno::kEINVAL;
  return Errno::kOk;
}

std::uint16_t PolicyOf(const Operation& op) {
  if (op.value == kMpolDefault || op.value == kMpolLocal || PrefersNothing(op)) return 0;
  std::uint16_t node = 0;
  while (((op.start2 >> node) & 1U) == 0) ++node;
  return static_cast<std::uint16_t>(node + 1U);
}

bool HasHole(const VmaTree& vmas, Vpn first, Vpn last) {
  for (Vpn vpn = first; vpn < last;) {
    const Vma* vma = vmas.Find(vpn);
    if (vma == nullptr) return true;
    vpn = vma->end;
  }
  return false;
}

// mbind_range(), VMA by VMA: one that has the policy already is left as it is; one that cannot be
// split ends it, those before it have the policy.
Errno SetPolicy(World& w, MmId mm, Vpn first, Vpn last, std::uint16_t policy) {
  VmaTree& vmas = w.mm(mm).vmas;
  for (Vpn cur = first; cur < last;) {
    const Vma* vma = vmas.Find(cur);
    if (vma == nullptr) {
      ++cur;
      continue;
    }
    const Vpn end = std::min(vma->end, last);
    if (vma->policy != policy) {
      const Errno split = SplitOutVma(w, mm, cur, end);
      if (split != Errno::kOk) return split;
      vmas.Find(cur)->policy = policy;
      vmas.MergeAround(cur, end);
    }
    cur = end;
  }
  return Errno::kOk;
}

// What one entry maps: a folio, and how far the entry reaches.
struct Mapped {
  bool present = false;
  Pfn head{};
  Vpn end{};  // first page behind the entry
};

Mapped MappedAt(const World& w, MmId mm, Vpn vpn) {
  const Vma* vma = w.mm(mm).vmas.Find(vpn);
  if (vma == nullptr) return {.end = vpn + 1};
  const Leaf leaf = FindLeaf(w, mm, *vma, vpn);
  const auto [form, word] = ReadLeaf(w, *vma, leaf);
  std::uint64_t covers = leaf.level == 0 ? 1 : w.arch->geometry().PmdPages();
  if (vma->Hugetlb()) covers = w.arch->geometry().PagesPerEntry(LevelOf(vma->hstate));
  const Vpn end((vpn.value | (covers - 1)) + 1);
  if (w.arch->None(form, word) || !w.arch->Present(form, word)) return {.end = end};
  return {.present = true, .head = w.frames.HeadOf(FrameOf(w, *vma, leaf, vpn)), .end = end};
}

// queue_pages_range() with MPOL_MF_INVERT: pages on nodes that the policy does not name. A large
// folio that several entries map is queued once.
bool QueueMisplaced(World& w, Task& t, Vpn first, Vpn last, std::uint64_t nodes) {
  bool left = false;
  Pfn large(0);
  for (Vpn vpn = first; vpn < last;) {
    const Mapped mapped = MappedAt(w, t.mm, vpn);
    vpn = mapped.end;
    if (!mapped.present || mapped.head == large) continue;
    const Page& folio = w.frames[mapped.head];
    if (folio.Has(kPgZero) || ((nodes >> folio.node) & 1U) != 0) continue;
    if (folio.order != 0) large = mapped.head;
    if ((t.op.mode & (kMfMove | kMfMoveAll)) == 0) {
      left = true;
    } else if ((t.op.mode & kMfMoveAll) != 0 || !FolioMappedShared(w, mapped.head)) {
      left = !IsolateForMigration(w, t, mapped.head) || left;
    }
  }
  return left;
}

Next Moved(World&, Task& t, MbindFrame& f) {
  const bool failed = f.misplaced || t.value != 0;
  return Answer(t, failed && f.strict ? Errno::kEIO : Errno::kOk);
}

constexpr Step kSteps[] = {StepOf<MbindFrame, &Moved>("moved", kTouchNothing)};

}  // namespace

const Path kMbindPath = {"mbind", "mm/mempolicy.c do_mbind()", kSteps};

void Start_mbind(World& w, Task& t) {
  if (w.config.numa_nodes == 0) return (void)Answer(t, Errno::kENOSYS);
  Errno error = CheckCall(w, t.op);
  if (error != Errno::kOk) return (void)Answer(t, error);
  const Vpn first = VpnOf(w, t.op.start);
  const Vpn last = first + PageAlignUp(w, t.op.length) / PageSize(w);
  if (first == last) return Succeed(t);
  error = CheckPolicy(w, t.op);
  if (error != Errno::kOk) return (void)Answer(t, error);
  VmaTree& vmas = w.mm(t.mm).vmas;
  if (t.op.value != kMpolDefault && HasHole(vmas, first, last)) {
    return (void)Answer(t, Errno::kEFAULT);
  }
  const bool strict = (t.op.mode & kMfStrict) != 0 && t.op.value != kMpolDefault;
  const bool moves = (t.op.mode & (kMfMove | kMfMoveAll)) != 0;
  const std::uint64_t nodes = t.op.start2 == 0 ? 1 : t.op.start2;
  // The kernel queues first, and puts back what it isolated when the policy cannot be set; pages
  // that it found and may not move win over that error.
  bool left = strict && !moves && QueueMisplaced(w, t, first, last, nodes);
  const std::uint16_t policy = PolicyOf(t.op);
  error = SetPolicy(w, t.mm, first, last, policy);
  if (error != Errno::kOk) return (void)Answer(t, left ? Errno::kEIO : error);
  t.isolated.clear();
  if (moves) left = QueueMisplaced(w, t, first, last, nodes);
  MbindFrame& f = PushPath<MbindFrame>(t, PathOf::k_mbind);
  f.strict = strict;
  f.misplaced = left;
  t.value = 0;
  if (!t.isolated.empty()) {
    PushMigrate(t, {.node = static_cast<std::uint8_t>(policy == 0 ? 0 : policy - 1)});
  }
}

}  // namespace uffdsim
