// A record of the model as a kernel with fewer abilities would have printed it.
//
// A kernel before 7.3, or one built without an option, shows less: features and ioctls that it does
// not have, letters that are always '-', page tables that nobody may read. What it cannot show
// cannot be compared; everything else is.
#pragma once

#include <string>

#include "sim/conform/backend.h"

namespace uffdsim {

// Both records change: what either cannot show is taken from both. Errors: text that is not JSON
// stays as it is.
void Adapt(const KernelRun& run, std::string* kernel, std::string* model);

// Whether the kernel shows everything, so that Adapt() has nothing to do.
bool ShowsEverything(const KernelRun& run);

}  // namespace uffdsim
