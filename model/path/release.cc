#include "model/path/release.h"

namespace uffdsim {

bool KeepsRwpMarkers(const World&, const Vma& vma) { return vma.UffdRwp() && !vma.Anonymous(); }
bool SplitsFilePmd(const World&, const Vma& vma) { return vma.UffdRwp(); }
bool KsmKeepsMark(const World&, const Vma& vma) { return vma.UffdRwp() || vma.UffdWp(); }
bool KsmKeepsSoftDirty(const World&, const Vma&) { return true; }
bool MoveDropsForeignMark(const World&, const Vma&) { return true; }
bool MoveRemakesHugeZero(const World&, const Vma&) { return true; }
bool ForcedCopyKeepsMark(const World&, const Vma& vma) { return vma.UffdRwp(); }
bool UnregisterWakes(const World&, const Vma& vma) { return vma.UffdArmed(); }
bool WriteprotectLooksAhead(const World&, MmId) { return true; }
bool UnregisterLooksAhead(const World&, MmId) { return true; }
bool GuardDropsMarkers(const World&, const Vma&) { return true; }
bool ScanHonoursMasks(const World&, const Vma&) { return true; }
bool CollapseKeepsWritten(const World&, const Vma&) { return true; }
bool ClearRefsDeniesSoftleaf(const World&, const Vma&) { return true; }
bool DeviceFillKeepsMark(const World&, const Vma&) { return true; }
bool DeviceFillIsSoftDirty(const World&, const Vma&) { return true; }

}  // namespace uffdsim
