// Making and removing mappings.
//
// Mirrors: do_mmap(), mmap_region(), do_munmap() of mm/mmap.c and mm/vma.c.
#include "model/path/alloc.h"
#include "model/path/hugetlb.h"
#include "model/path/hugetlb_reserve.h"
#include "model/path/paths.h"
#include "model/path/populate.h"
#include "model/path/prot.h"
#include "model/path/start.h"
#include "model/path/uffd_event.h"
#include "model/path/zap.h"

namespace uffdsim {
namespace {

// Files that no memfd names get numbers from here on, so that a scenario can number its memfds.
constexpr std::size_t kFirstUnnamedFile = 64;

FileId NewUnnamedFile(World& w, FileKind kind, Hstate hstate, std::uint64_t pages) {
  if (w.files.size() < kFirstUnnamedFile) w.files.resize(kFirstUnnamedFile);
  const FileId id(static_cast<std::uint16_t>(w.files.size()));
  File& file = w.files.emplace_back();
  file.kind = kind;
  file.hstate = hstate;
  file.size = pages;
  return id;
}

VmFlags FlagsOf(const World& w, const Operation& op, bool shared, bool hugetlb) {
  VmFlags flags = kVmMayread | kVmMaywrite | kVmMayexec;
  if (w.arch->SupportsSoftDirty()) flags |= kVmSoftdirty;
  if ((op.prot & kProtRead) != 0) flags |= kVmRead;
  if ((op.prot & kProtWrite) != 0) flags |= kVmWrite;
  if ((op.prot & kProtExec) != 0) flags |= kVmExec;
  if (shared) flags |= kVmShared | kVmMayshare;
  if ((op.flags & kOpNoreserve) != 0) flags |= kVmNoreserve;
  if (hugetlb) flags |= kVmHugetlb | kVmDontexpand;
  if (op.map_kind == MapKind::kSpecial) flags |= kVmDontexpand;
  if ((op.flags & kOpLocked) != 0 && !hugetlb) flags |= kVmLocked;
  const bool accountable = (flags & (kVmNoreserve | kVmShared | kVmWrite)) == kVmWrite;
  if (accountable && !hugetlb) flags |= kVmAccount;
  return flags;
}

struct KindTraits {
  bool shared;
  bool hugetlb;
  bool own_file;  // an unnamed file comes with the mapping
};

KindTraits TraitsOf(const World& w, const Operation& op) {
  const bool huge_file = op.file != FileId(0) && w.files[op.file.value].kind == FileKind::kHugetlb;
  switch (op.map_kind) {
    case MapKind::kAnon: return {.shared = false, .hugetlb = false, .own_file = false};
    case MapKind::kShmem: return {.shared = true, .hugetlb = false, .own_file = true};
    case MapKind::kHugeAnon: return {.shared = false, .hugetlb = true, .own_file = true};
    case MapKind::kHugeShared: return {.shared = true, .hugetlb = true, .own_file = true};
    case MapKind::kFileShared: return {.shared = true, .hugetlb = huge_file, .own_file = false};
    case MapKind::kFilePrivate: return {.shared = false, .hugetlb = huge_file, .own_file = false};
    case MapKind::kSpecial: return {.shared = false, .hugetlb = false, .own_file = true};
  }
  return {};
}

// hstate_file(), or what MAP_HUGE_1GB asks for.
Hstate HstateOf(const World& w, const Operation& op) {
  if (op.file != FileId(0)) return w.files[op.file.value].hstate;
  return (op.flags & kOpGigantic) != 0 ? Hstate::kPud : Hstate::kPmd;
}

FileKind OwnFileKind(MapKind kind) {
  switch (kind) {
    case MapKind::kHugeAnon:
    case MapKind::kHugeShared: return FileKind::kHugetlb;
    case MapKind::kSpecial: return FileKind::kSpecial;
    case MapKind::kShmem:
    case MapKind::kAnon:
    case MapKind::kFileShared:
    case MapKind::kFilePrivate: return FileKind::kShmem;
  }
  return FileKind::kShmem;
}

struct MapFrame {
  Vpn first{};
  Vpn last{};
  bool populate = false;
};

enum MapStep : std::uint8_t { kReplace, kMapped, kPopulated };

// Whatever was there is unmapped first, as MAP_FIXED does; then the new VMA appears.
Next Replace(World& w, Task& t, MapFrame& f) {
  const Operation& op = t.op;
  const KindTraits traits = TraitsOf(w, op);
  Mm& mm = w.mm(t.mm);
  PrepareUnmapEvents(w, t, f.first, f.last);
  UnmapRegion(w, t.mm, f.first, f.last);
  Vma vma;
  vma.start = f.first;
  vma.end = f.last;
  vma.flags = FlagsOf(w, op, traits.shared, traits.hugetlb);
  vma.file = op.file;
  vma.pgoff = Pgoff(VpnOf(w, op.start2).value);
  if (traits.own_file) {
    vma.file = NewUnnamedFile(w, OwnFileKind(op.map_kind), HstateOf(w, op), f.last - f.first);
    vma.pgoff = Pgoff(0);
  } else if (vma.file == FileId(0)) {
    vma.pgoff = Pgoff(f.first.value);
  }
  if (traits.hugetlb) vma.hstate = w.file(vma.file).hstate;
  if (traits.hugetlb && !HugetlbReserve(w, vma)) {
    // What was there is gone all the same, and is announced.
    Fail(t, Errno::kENOMEM);
    return PushAnnouncements(t, UnmapTurn::kLate) ? Next::Call(kMapped) : Next::Return();
  }
  SetPageProt(w, vma);
  mm.vmas.Insert(vma);
  mm.vmas.MergeAround(f.first, f.last);
  Succeed(t);
  f.populate = (op.flags & (kOpPopulate | kOpLocked)) != 0;
  return PushAnnouncements(t, UnmapTurn::kLate) ? Next::Call(kMapped) : Next::Goto(kMapped);
}

Next Mapped(World&, Task& t, MapFrame& f) {
  if (!f.populate) return Next::Return();
  PushPopulate(t, t.mm, f.first, f.last, PopulateKind::kMap);
  return Next::Call(kPopulated);
}

// mm_populate() ignores errors: the mapping stays.
Next Populated(World&, Task&, MapFrame&) { return Next::Return(); }

constexpr Step kMapSteps[] = {
    StepOf<MapFrame, &Replace>("replace", kTouchMemory | kTouchCtx),
    StepOf<MapFrame, &Mapped>("mapped", kTouchNothing),
    StepOf<MapFrame, &Populated>("populated", kTouchNothing),
};

struct UnmapFrame {
  Vpn first{};
  Vpn last{};
};

enum UnmapStep : std::uint8_t { kUnmap, kUnmapped };

Next Unmap(World& w, Task& t, UnmapFrame& f) {
  if (!TrySplitVma(w, t.mm, f.first) || !TrySplitVma(w, t.mm, f.last)) {
    return Answer(t, Errno::kENOMEM);
  }
  PrepareUnmapEvents(w, t, f.first, f.last);
  UnmapRegion(w, t.mm, f.first, f.last);
  Succeed(t);
  return PushAnnouncements(t, UnmapTurn::kLate) ? Next::Call(kUnmapped) : Next::Return();
}

Next Unmapped(World&, Task&, UnmapFrame&) { return Next::Return(); }

constexpr Step kUnmapSteps[] = {
    StepOf<UnmapFrame, &Unmap>("unmap", kTouchMemory | kTouchCtx),
    StepOf<UnmapFrame, &Unmapped>("announced", kTouchNothing),
};

}  // namespace

Errno CheckUnmap(const World& w, const Mm& mm, Vpn first, Vpn last) {
  for (const Vma& vma : mm.vmas.list()) {
    if (vma.end <= first || vma.start >= last) continue;
    if (vma.Has(kVmSealed)) return Errno::kEPERM;
    if (!vma.Hugetlb()) continue;
    const std::uint64_t huge_mask = HugePages(w, vma) - 1;
    if (vma.start < first && (first.value & huge_mask) != 0) return Errno::kEINVAL;
    if (vma.end > last && (last.value & huge_mask) != 0) return Errno::kEINVAL;
  }
  return Errno::kOk;
}

const Path kMapPath = {"map", "mm/vma.c mmap_region()", kMapSteps};
const Path kUnmapPath = {"munmap", "mm/vma.c do_vmi_munmap()", kUnmapSteps};

void Start_map(World& w, Task& t) {
  const bool of_file =
      t.op.map_kind == MapKind::kFileShared || t.op.map_kind == MapKind::kFilePrivate;
  if (of_file && !FileExists(w, t.op.file)) return Fail(t, Errno::kEBADF);
  if (!of_file) t.op.file = FileId(0);
  const Vpn first = VpnOf(w, t.op.start);
  Vpn last = VpnOf(w, t.op.start + PageAlignUp(w, t.op.length));
  if ((t.op.start & PageMask(w)) != 0 || t.op.length == 0) return Fail(t, Errno::kEINVAL);
  // A guest_memfd refuses private mappings (kvm_gmem_mmap()).
  if (t.op.map_kind == MapKind::kFilePrivate && w.file(t.op.file).kind == FileKind::kGuestMemfd) {
    return Fail(t, Errno::kEINVAL);
  }
  if (TraitsOf(w, t.op).hugetlb) {
    // The length is rounded up to whole huge pages, the rest must fit.
    const std::uint64_t mask = HugePages(w, HstateOf(w, t.op)) - 1;
    if (((first.value | VpnOf(w, t.op.start2).value) & mask) != 0) return Fail(t, Errno::kEINVAL);
    last = first + ((last - first + mask) & ~mask);
  }
  if (const Errno e = CheckUnmap(w, w.mm(t.mm), first, last); e != Errno::kOk) return Fail(t, e);
  MapFrame& f = PushPath<MapFrame>(t, PathOf::k_map);
  f.first = first;
  f.last = last;
}

void Start_munmap(World& w, Task& t) {
  if ((t.op.start & PageMask(w)) != 0 || t.op.length == 0) return Fail(t, Errno::kEINVAL);
  const Vpn first = VpnOf(w, t.op.start);
  const Vpn last = VpnOf(w, t.op.start + PageAlignUp(w, t.op.length));
  if (const Errno e = CheckUnmap(w, w.mm(t.mm), first, last); e != Errno::kOk) return Fail(t, e);
  UnmapFrame& f = PushPath<UnmapFrame>(t, PathOf::k_munmap);
  f.first = first;
  f.last = last;
}

}  // namespace uffdsim
