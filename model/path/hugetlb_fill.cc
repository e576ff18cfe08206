// COPY, CONTINUE and POISON of huge pages.
//
// Mirrors: mfill_atomic_hugetlb() of mm/userfaultfd.c, hugetlb_mfill_atomic_pte() of mm/hugetlb.c.
// Marker:  as for small pages: mode WP marks the new entry, otherwise a marker that was there is
//          lost; nothing is ever armed for RWP. An empty pool looks like an occupied entry
//          (EEXIST).
#include "model/path/hugetlb_fill.h"

#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/hugetlb.h"
#include "model/path/hugetlb_file.h"
#include "model/path/rmap.h"
#include "model/path/start.h"

namespace uffdsim {
namespace {

bool Occupied(const World& w, MmId mm, const Vma& vma, Vpn vpn) {
  const Word word = HugeEntry(w, mm, vma, vpn);
  return !w.arch->None(Form::kPte, word) && !IsUffdMarker(*w.arch, word);
}

Word FilledHuge(const World& w, const Vma& vma, Pfn head, FillOp op, std::uint64_t mode) {
  const Arch& arch = *w.arch;
  const bool wp = (mode & kFillWp) != 0;
  const bool read_only = wp || (op == FillOp::kContinue && !vma.Shared());
  Word word = MakeHugeEntry(w, vma, head, read_only ? HugeWrite::kNever : HugeWrite::kIfAllowed);
  word = arch.MkDirty(Form::kPte, word);
  return wp ? arch.MkUffd(Form::kPte, word) : word;
}

Errno FillPoisoned(World& w, MmId mm, const Vma& vma, Vpn vpn) {
  if (!w.arch->None(Form::kPte, HugeEntry(w, mm, vma, vpn))) return Errno::kEEXIST;
  SetHugeEntry(w, mm, vma, vpn, MakeMarker(*w.arch, kMarkerPoisoned));
  return Errno::kOk;
}

Errno FillCached(World& w, MmId mm, const Vma& vma, Vpn vpn, std::uint64_t mode) {
  const Pfn head = CachedHuge(w, vma.file, HugeIndex(w, vma, vpn));
  if (head == Pfn(0)) return Errno::kEFAULT;
  if (HugePoisoned(w, head)) return Errno::kEIO;
  if (Occupied(w, mm, vma, vpn)) return Errno::kEEXIST;
  MapHuge(w, head);
  SetHugeEntry(w, mm, vma, vpn, FilledHuge(w, vma, head, FillOp::kContinue, mode));
  EmitFilled(w, mm, HugeFirst(w, vma, vpn), HugePages(w, vma), mode);
  return Errno::kOk;
}

// `source`: a folio with the content; 0: every base page gets `content`.
Errno FillCopy(World& w, MmId mm, Vma& vma, Vpn vpn, Pfn source, Content content,
               std::uint64_t mode) {
  if (Occupied(w, mm, vma, vpn)) return Errno::kEEXIST;
  const std::uint64_t index = HugeIndex(w, vma, vpn);
  if (vma.Shared() && CachedHuge(w, vma.file, index) != Pfn(0)) return Errno::kEEXIST;
  const Pfn head = AllocHuge(w, vma, vpn, HugeCow::kNo);
  if (head == Pfn(0)) return Errno::kEEXIST;
  for (std::uint32_t i = 0; i < w.frames.Count(head); ++i) {
    w.frames[head + i].content = source == Pfn(0) ? content : w.frames[source + i].content;
  }
  if (!vma.Shared()) {
    PrepareAnonVma(w, mm, vma);
    MapNewAnonHuge(w, vma, vpn, head);
  } else {
    if (index >= w.file(vma.file).size / HugePages(w, vma)) {
      ReturnHuge(w, vma, vpn, head);
      return Errno::kEFAULT;
    }
    AddHugeToCache(w, vma.file, index, head);
    EmitFileChange(w, vma.file, index * HugePages(w, vma), (index + 1) * HugePages(w, vma));
    MapHuge(w, head);
  }
  SetHugeEntry(w, mm, vma, vpn, FilledHuge(w, vma, head, FillOp::kCopy, mode));
  EmitFilled(w, mm, HugeFirst(w, vma, vpn), HugePages(w, vma), mode);
  return Errno::kOk;
}

}  // namespace

Errno HugetlbFillCheck(const World& w, FillOp op, const Vma& vma, std::uint64_t start,
                       std::uint64_t length) {
  if (op == FillOp::kZeropage) return Errno::kEINVAL;
  const bool aligned = HugetlbAligned(w, vma.hstate, VpnOf(w, start).value) &&
                       HugetlbAligned(w, vma.hstate, length / PageSize(w));
  return aligned ? Errno::kOk : Errno::kEINVAL;
}

Errno HugetlbFillPage(World& w, CtxId ctx, FillOp op, Vpn vpn, Content content,
                      std::uint64_t mode) {
  const MmId mm = w.ctx(ctx).mm;
  Vma* vma = w.mm(mm).vmas.Find(vpn);
  if (vma == nullptr || vma->ctx == CtxId(0)) return Errno::kENOENT;
  if (!AllocHugeTable(w, mm, *vma, vpn)) return Errno::kENOMEM;
  switch (op) {
    case FillOp::kCopy: return FillCopy(w, mm, *vma, vpn, Pfn(0), content, mode);
    case FillOp::kContinue: return FillCached(w, mm, *vma, vpn, mode);
    case FillOp::kPoison: return FillPoisoned(w, mm, *vma, vpn);
    case FillOp::kZeropage: return Errno::kEINVAL;
  }
  return Errno::kEINVAL;
}

Errno HugetlbCopyReady(const World& w, CtxId ctx, Vpn vpn) {
  const MmId mm = w.ctx(ctx).mm;
  const Vma* vma = w.mm(mm).vmas.Find(vpn);
  return vma != nullptr && Occupied(w, mm, *vma, vpn) ? Errno::kEEXIST : Errno::kOk;
}

Errno HugetlbCopyFolio(World& w, CtxId ctx, Vpn vpn, Pfn source, std::uint64_t mode) {
  const MmId mm = w.ctx(ctx).mm;
  Vma* vma = w.mm(mm).vmas.Find(vpn);
  if (vma == nullptr || vma->ctx == CtxId(0)) return Errno::kENOENT;
  if (!AllocHugeTable(w, mm, *vma, vpn)) return Errno::kENOMEM;
  return FillCopy(w, mm, *vma, vpn, source, 0, mode);
}

}  // namespace uffdsim
