// Parts of the kernel that have no file yet: huge pages, NUMA, migration waits, population.
#include "model/path/change_protection.h"
#include "model/path/fault_parts.h"
#include "model/path/huge.h"
#include "model/path/hugetlb_file.h"
#include "model/path/hugetlb_fill.h"
#include "model/path/hugetlb_reserve.h"
#include "model/path/migrate_wait.h"
#include "model/path/populate.h"
#include "model/path/start.h"
#include "model/path/thp.h"
#include "model/path/thp_reuse.h"

namespace uffdsim {

std::uint32_t HugetlbFault(World&, FaultFrame&, Vma&) { return kVmFaultSigbus; }
std::uint32_t HugeAnonFault(World&, FaultFrame&, Vma&) { return kVmFaultOk; }
std::uint32_t PmdLeafFault(World&, FaultFrame&, Vma&) { return kVmFaultSigbus; }
bool HugeAnonAllowed(const World&, const Vma&, Vpn) { return false; }
bool ShmemMapPmd(World&, FaultFrame&, Vma&) { return false; }
PmdZap ZapPmd(World&, MmId, const Vma&, Vpn, Vpn, ZapCowed) { return PmdZap::kSplit; }
void DropLargeCachePage(World&, FileId, Pfn, std::uint64_t, std::uint64_t) {}
void HugetlbZapRange(World&, MmId, const Vma&, Vpn, Vpn, ZapMarkers) {}
void HugetlbVmaClose(World&, const Vma&) {}
void HugetlbPunch(World&, FileId, std::uint64_t, std::uint64_t, ZapMarkers) {}
std::uint64_t HugetlbChangeProtection(World&, MmId, Vma&, Vpn, Vpn, ProtOp) { return 0; }
PmdOutcome PmdChangeProtection(World&, MmId, Vma&, Vpn, Vpn, ProtOp, std::uint64_t*) {
  return PmdOutcome::kSplit;
}
bool HugetlbAligned(const World&, std::uint64_t) { return true; }
void HugetlbFallocate(World&, Task& t, std::uint64_t, std::uint64_t) { Bad(t, "not modelled"); }
Content HugetlbRead(World&, FileId, std::uint64_t) { return 0; }
Errno HugetlbFillCheck(const World&, FillOp, const Vma&, std::uint64_t, std::uint64_t) {
  return Errno::kEINVAL;
}
Errno HugetlbFillPage(World&, CtxId, FillOp, Vpn, Content, std::uint64_t) { return Errno::kEINVAL; }
bool HugetlbReserve(World&, const Vma&) { return false; }
std::uint32_t RestoreDeviceExclusive(World&, FaultFrame&, const Vma&) { return kVmFaultSigbus; }
std::uint32_t MigrateToRam(World&, FaultFrame&, const Vma&) { return kVmFaultSigbus; }
bool SplitFolio(World&, Pfn) { return false; }
Errno CollapseRange(World&, MmId, Vma&, Vpn, Vpn) { return Errno::kEINVAL; }
bool CanReuseLargeAnon(World&, MmId, const Vma&, Pfn) { return false; }

}  // namespace uffdsim
