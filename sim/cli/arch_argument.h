// The architecture that a command line names, as it is or with a hypothetical uffd bit.
//
// Mirrors:  nothing of the kernel.
// Rules:    a name is a family, an alias or a configuration; `all` is every configuration.
// Owned by: the caller; an Arch is a value.
// Errors:   InvalidArgument: near matches for an unknown name; what is wrong with a what-if.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/arch/arch.h"

namespace uffdsim {

// `what_if`: "uffd-bit=N[,pmd-bit=N][,swp-bit=N]", or empty for the architecture as it is.
absl::StatusOr<Arch> ArchNamed(const std::string& name, const std::string& what_if);

// The same for a name that may be `all`.
absl::StatusOr<std::vector<Arch>> ArchsNamed(const std::string& name, const std::string& what_if);

}  // namespace uffdsim
