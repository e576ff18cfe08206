// A drawn or varied scenario without what a kernel lacks, so that the rest of it can be compared.
//
// Mirrors: what kernel/needs.cc refuses; a recorded scenario is skipped instead, because it stands
// for
//          what it was recorded for.
#pragma once

#include "sim/conform/backend.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// Features, modes and categories that the kernel does not have are taken out, operations that are
// nothing else are dropped, and huge pages of a pool that is not there become ordinary memory.
Scenario WithinReach(const Scenario& scenario, const KernelRun& kernel);

}  // namespace uffdsim
