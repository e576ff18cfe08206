// Settings of the kernel that every scenario takes for given, so that it ends the same everywhere.
#pragma once

#include <cstdint>

namespace uffdsim {

struct KernelSetting {
  enum class For : std::uint8_t { kEverything, kHugetlb, kKsm };
  const char* path;
  const char* value;
  For what;  // which scenarios need it
};

inline constexpr KernelSetting kKernelSettings[] = {
#define KERNEL_SETTING(path, value, what) {path, value, KernelSetting::For::what},
#include "sim/scenario/kernel_settings.def"
#undef KERNEL_SETTING
};

}  // namespace uffdsim
