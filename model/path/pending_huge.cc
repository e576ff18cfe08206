// Parts of the kernel that have no file yet: huge pages, NUMA, migration waits, population.
#include "model/path/change_protection.h"
#include "model/path/fault_parts.h"
#include "model/path/huge.h"
#include "model/path/migrate_wait.h"
#include "model/path/populate.h"
#include "model/path/start.h"
#include "model/path/thp.h"
#include "model/path/thp_reuse.h"

namespace uffdsim {

std::uint32_t HugeAnonFault(World&, FaultFrame&, Vma&) { return kVmFaultOk; }
std::uint32_t PmdLeafFault(World&, FaultFrame&, Vma&) { return kVmFaultSigbus; }
bool HugeAnonAllowed(const World&, const Vma&, Vpn) { return false; }
bool ShmemMapPmd(World&, FaultFrame&, Vma&) { return false; }
PmdZap ZapPmd(World&, MmId, const Vma&, Vpn, Vpn, ZapCowed) { return PmdZap::kSplit; }
void DropLargeCachePage(World&, FileId, Pfn, std::uint64_t, std::uint64_t) {}
PmdOutcome PmdChangeProtection(World&, MmId, Vma&, Vpn, Vpn, ProtOp, std::uint64_t*) {
  return PmdOutcome::kSplit;
}
std::uint32_t RestoreDeviceExclusive(World&, FaultFrame&, const Vma&) { return kVmFaultSigbus; }
std::uint32_t MigrateToRam(World&, FaultFrame&, const Vma&) { return kVmFaultSigbus; }
bool SplitFolio(World&, Pfn) { return false; }
Errno CollapseRange(World&, MmId, Vma&, Vpn, Vpn) { return Errno::kEINVAL; }
bool CanReuseLargeAnon(World&, MmId, const Vma&, Pfn) { return false; }

}  // namespace uffdsim
