// Parts of the kernel that have no file yet: device memory.
#include "model/path/migrate_wait.h"

namespace uffdsim {

std::uint32_t RestoreDeviceExclusive(World&, FaultFrame&, const Vma&) { return kVmFaultSigbus; }
std::uint32_t MigrateToRam(World&, FaultFrame&, const Vma&) { return kVmFaultSigbus; }

}  // namespace uffdsim
