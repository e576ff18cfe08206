// Files of hugetlbfs: allocation and reading.
//
// Mirrors: hugetlbfs_fallocate(), hugetlbfs_read_iter() of fs/hugetlbfs/inode.c.
#include "model/path/hugetlb_file.h"

#include <algorithm>

#include "model/path/huge.h"
#include "model/path/hugetlb.h"
#include "model/path/rmap.h"
#include "model/path/start.h"

namespace uffdsim {
namespace {

// False: the pool has no page left.
bool AllocateRange(World& w, FileId id, std::uint64_t first, std::uint64_t last) {
  // No mapping asks for these pages, so a pretended one stands for the file.
  Vma vma;
  vma.flags = kVmHugetlb | kVmShared | kVmMayshare;
  vma.file = id;
  vma.hstate = w.file(id).hstate;
  for (std::uint64_t index = first; index < last; ++index) {
    if (CachedHuge(w, id, index) != Pfn(0)) continue;
    const Pfn head = AllocHuge(w, vma, Vpn(index * HugePages(w, id)), HugeCow::kNo);
    if (head == Pfn(0)) return false;
    AddHugeToCache(w, id, index, head);
  }
  return true;
}

}  // namespace

bool HugetlbAligned(const World& w, Hstate h, std::uint64_t pages) {
  return (pages & (HugePages(w, h) - 1)) == 0;
}

void HugetlbFallocate(World& w, Task& t, std::uint64_t first, std::uint64_t last) {
  const FileId id = t.op.file;
  if ((t.op.flags & kOpPunch) != 0) {
    HugetlbPunch(w, id, first, last, ZapMarkers::kKeep);
    return Succeed(t);
  }
  const std::uint64_t end = (last + HugePages(w, id) - 1) / HugePages(w, id);
  if (!AllocateRange(w, id, first / HugePages(w, id), end)) return Fail(t, Errno::kENOSPC);
  w.file(id).size = std::max(w.file(id).size, last);
  Succeed(t);
}

Content HugetlbRead(World& w, FileId id, std::uint64_t index) {
  const Pfn head = CachedHuge(w, id, index / HugePages(w, id));
  if (head == Pfn(0)) return 0;
  return LookAtContent(w, head + static_cast<std::uint32_t>(index % HugePages(w, id)));
}

}  // namespace uffdsim
