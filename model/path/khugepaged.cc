// One pass of khugepaged over a range.
//
// Mirrors: khugepaged_scan_mm_slot(), collapse_single_pmd() of mm/khugepaged.c with the default
//          limits. The daemon's order and pace are its own; here each huge page that lies wholly in
//          the range is looked at once.
// Marker:  as in thp_collapse.cc and thp_collapse_file.cc.
#include "model/path/range.h"
#include "model/path/thp_collapse.h"

namespace uffdsim {
namespace {

// thp_vma_allowable_order(TVA_KHUGEPAGED): unlike MADV_COLLAPSE it respects the settings.
bool Scanned(const World& w, const Vma& vma, Vpn first) {
  if (!CollapsePossible(w, vma) || !HugeFits(w, vma, first)) return false;
  return vma.Anonymous() ? HugeAnonAllowed(w, vma, first)
                         : ShmemHugeAllowed(w, vma, vma.IndexOf(first));
}

}  // namespace

void Start_khugepaged(World& w, Task& t) {
  const NamedPages range = RangeOf(w, t.op);
  const std::uint64_t pages = w.arch->geometry().PmdPages();
  std::int64_t collapsed = 0;
  for (Vpn vpn = PmdStart(w, range.first + (pages - 1)); vpn + pages <= range.last;
       vpn = vpn + pages) {
    Vma* vma = w.mm(t.mm).vmas.Find(vpn);
    if (vma == nullptr || !Scanned(w, *vma, vpn)) continue;
    const CollapseLimits limits = KhugepagedLimits(w);
    const ScanResult result = vma->Anonymous() ? CollapseAnon(w, t.mm, *vma, vpn, limits)
                                               : CollapseFile(w, t.mm, *vma, vpn, limits);
    if (result == ScanResult::kSucceed) ++collapsed;
  }
  Succeed(t, collapsed);
}

}  // namespace uffdsim
