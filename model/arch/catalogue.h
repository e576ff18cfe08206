// The architectures as rows: what `uffdsim list arch` prints and FindArch() looks names up in.
//
// Mirrors:  nothing of the kernel; arch.def holds the rows.
// Owned by: static storage.
#pragma once

#include <span>
#include <string_view>

#include "model/arch/arch.h"

namespace uffdsim {

// One architecture: its configurations come from its own file.
struct ArchFamily {
  std::span<const Arch> (*configurations)();
  std::string_view name;
  std::string_view default_configuration;
  std::string_view aliases;  // separated by blanks
  std::string_view sentence;
};

std::span<const ArchFamily> ArchFamilies();

}  // namespace uffdsim
