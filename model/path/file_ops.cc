// Files: creation, size, holes, reading and writing through the page cache.
//
// Mirrors: memfd_create(), shmem_fallocate(), shmem_file_read_iter(), shmem_write_begin() of
//          mm/memfd.c and mm/shmem.c, virt/kvm/guest_memfd.c, fs/ramfs.
#include <algorithm>

#include "model/path/fault.h"
#include "model/path/hugetlb_file.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/thp.h"
#include "model/path/zap.h"

namespace uffdsim {
namespace {

Content ReadIndex(World& w, FileId id, std::uint64_t index) {
  // A hole reads as zeroes, and so does a page that fallocate() left unfilled.
  const CacheSlot slot = w.file(id).cache.Get(index);
  if (slot.empty()) return 0;
  if (slot.is_frame() && w.frames.Head(slot.pfn()).Has(kPgFallocated)) return 0;
  const Pfn pfn = ShmemGetPage(w, id, index, CacheMiss::kLookOnly, 0);
  return pfn == Pfn(0) ? 0 : LookAtContent(w, pfn);
}

FileKind KindOf(std::uint32_t flags) {
  if ((flags & kOpHugetlb) != 0) return FileKind::kHugetlb;
  if ((flags & kOpRamfs) != 0) return FileKind::kRamfs;
  if ((flags & kOpGuestMemfd) != 0) return FileKind::kGuestMemfd;
  return FileKind::kShmem;
}

// guest_memfd has neither read nor write, and hugetlbfs no write.
bool Readable(FileKind kind) { return kind != FileKind::kGuestMemfd; }
bool Writable(FileKind kind) { return kind != FileKind::kGuestMemfd && kind != FileKind::kHugetlb; }

}  // namespace

void Start_memfd(World& w, Task& t) {
  const FileId id = t.op.file;
  if (w.files.size() <= id.value) w.files.resize(id.value + 1U);
  File& file = w.file(id);
  if (file.memfd) return Bad(t, "file exists");
  file.kind = KindOf(t.op.flags);
  file.hstate = (t.op.flags & kOpGigantic) != 0 ? Hstate::kPud : Hstate::kPmd;
  // A hugetlb file grows by whole huge pages; the scenario language makes it with its size.
  if (file.kind == FileKind::kHugetlb &&
      !HugetlbAligned(w, file.hstate, PageAlignUp(w, t.op.length) / PageSize(w))) {
    return Fail(t, Errno::kEINVAL);
  }
  file.memfd = true;
  file.size = PageAlignUp(w, t.op.length) / PageSize(w);
  Succeed(t);
}

void Start_ftruncate(World& w, Task& t) {
  if (!FileExists(w, t.op.file)) return Fail(t, Errno::kEBADF);
  const std::uint64_t pages = PageAlignUp(w, t.op.length) / PageSize(w);
  const File& file = w.file(t.op.file);
  if (file.kind == FileKind::kGuestMemfd) return Fail(t, Errno::kEINVAL);  // kvm_gmem_setattr()
  if (file.kind == FileKind::kHugetlb && !HugetlbAligned(w, file.hstate, pages)) {
    return Fail(t, Errno::kEINVAL);
  }
  TruncateFile(w, t.op.file, pages);
  Succeed(t);
}

void Start_fallocate(World& w, Task& t) {
  if (!FileExists(w, t.op.file)) return Fail(t, Errno::kEBADF);
  if (t.op.length == 0) return Fail(t, Errno::kEINVAL);
  const std::uint64_t first = t.op.start / PageSize(w);
  const std::uint64_t last = PageAlignUp(w, t.op.start + t.op.length) / PageSize(w);
  const FileKind kind = w.file(t.op.file).kind;
  if (kind == FileKind::kHugetlb) return HugetlbFallocate(w, t, first, last);
  // ramfs has no fallocate(); a guest_memfd never changes its size, so it can only be punched.
  const bool punch = (t.op.flags & kOpPunch) != 0;
  if (kind == FileKind::kRamfs || (kind == FileKind::kGuestMemfd && !punch)) {
    return Fail(t, Errno::kEOPNOTSUPP);
  }
  if (punch) {
    PunchFile(w, t.op.file, first, last);
  } else {
    for (std::uint64_t index = first, next = 0; index < last; index = next) {
      next = index + 1;
      const bool hole = w.file(t.op.file).cache.Get(index).empty();
      if (hole) ShmemAddLarge(w, t.op.file, index);
      const Pfn pfn = ShmemGetPage(w, t.op.file, index, CacheMiss::kAllocate, 0);
      if (pfn == Pfn(0)) continue;
      const Pfn head = w.frames.HeadOf(pfn);
      w.frames[head].flags |= kPgDirty | (hole ? std::uint32_t{kPgFallocated} : 0);
      next = w.frames[head].index + w.frames.Count(head);
    }
    File& file = w.file(t.op.file);
    file.size = std::max(file.size, last);
  }
  Succeed(t);
}

void Start_fread(World& w, Task& t) {
  if (!FileExists(w, t.op.file)) return Fail(t, Errno::kEBADF);
  if (!Readable(w.file(t.op.file).kind)) return Fail(t, Errno::kEINVAL);
  const auto offset = static_cast<std::uint32_t>(t.op.start & PageMask(w));
  std::uint64_t index = t.op.start / PageSize(w);
  const std::uint64_t pages = PageAlignUp(w, t.op.length) / PageSize(w);
  std::int64_t done = 0;
  for (std::uint64_t i = 0; i < pages && index < w.file(t.op.file).size; ++i, ++index, ++done) {
    const bool hugetlb = w.file(t.op.file).kind == FileKind::kHugetlb;
    const Content content =
        hugetlb ? HugetlbRead(w, t.op.file, index) : ReadIndex(w, t.op.file, index);
    PushValue(t.outcome, w.contents.Read(content, offset));
  }
  Succeed(t, done);
}

void Start_fwrite(World& w, Task& t) {
  if (!FileExists(w, t.op.file)) return Fail(t, Errno::kEBADF);
  if (!Writable(w.file(t.op.file).kind)) return Fail(t, Errno::kEINVAL);
  const auto offset = static_cast<std::uint32_t>(t.op.start & PageMask(w));
  std::uint64_t index = t.op.start / PageSize(w);
  const std::uint64_t pages = PageAlignUp(w, t.op.length) / PageSize(w);
  for (std::uint64_t i = 0; i < pages; ++i, ++index) {
    File& file = w.file(t.op.file);
    file.size = std::max(file.size, index + 1);
    if (file.cache.Get(index).empty()) ShmemAddLarge(w, t.op.file, index);
    const Pfn pfn = ShmemGetPage(w, t.op.file, index, CacheMiss::kAllocate, 0);
    if (pfn == Pfn(0)) return Fail(t, Errno::kEIO);
    w.frames.Head(pfn).MarkDirty();
    SetContent(
        w, pfn,
        w.contents.Write(w.frames[pfn].content, offset, static_cast<std::uint8_t>(t.op.value)));
    EmitFileChange(w, t.op.file, index, index + 1);
  }
  Succeed(t, static_cast<std::int64_t>(pages));
}

}  // namespace uffdsim
