// What Linux 7.3.4 does where the clean code is better: the decisions of model/path/release.h.
#include "model/defect/defects.h"

namespace uffdsim::defect {
namespace {

bool NotForThisVma(const World&, const Vma&) { return false; }
bool NotForThisProcess(const World&, MmId) { return false; }
bool OnlyWhereMissing(const World&, const Vma& vma) { return vma.UffdMissing(); }

}  // namespace

void ReleaseShmemReclaim(StepTable& table) { table.site.keeps_rwp_markers = &NotForThisVma; }
void ReleaseFilePmd(StepTable& table) { table.site.splits_file_pmd = &NotForThisVma; }
void ReleaseKsmMerge(StepTable& table) { table.site.ksm_keeps_mark = &NotForThisVma; }
void ReleaseKsmSoftDirty(StepTable& table) { table.site.ksm_keeps_soft_dirty = &NotForThisVma; }
void ReleaseMoveSwap(StepTable& table) { table.site.move_drops_foreign_mark = &NotForThisVma; }
void ReleaseMoveHugeZero(StepTable& table) { table.site.move_remakes_huge_zero = &NotForThisVma; }
void ReleaseForcedCopy(StepTable& table) { table.site.forced_copy_keeps_mark = &NotForThisVma; }
void ReleaseUnregisterWake(StepTable& table) { table.site.unregister_wakes = &OnlyWhereMissing; }
void ReleaseWriteprotectPrefix(StepTable& table) {
  table.site.writeprotect_looks_ahead = &NotForThisProcess;
}
void ReleaseUnregisterHugetlb(StepTable& table) {
  table.site.unregister_looks_ahead = &NotForThisProcess;
}
void ReleaseGuardMarkers(StepTable& table) { table.site.guard_drops_markers = &NotForThisVma; }
void ReleaseScanMasks(StepTable& table) { table.site.scan_honours_masks = &NotForThisVma; }
void ReleaseCollapseWritten(StepTable& table) {
  table.site.collapse_keeps_written = &NotForThisVma;
}
void ReleaseClearRefsSoftleaf(StepTable& table) {
  table.site.clear_refs_denies_softleaf = &NotForThisVma;
}
void ReleaseDeviceZero(StepTable& table) { table.site.device_fill_keeps_mark = &NotForThisVma; }
void ReleaseDeviceSoftDirty(StepTable& table) {
  table.site.device_fill_is_soft_dirty = &NotForThisVma;
}

}  // namespace uffdsim::defect
