// The three things that can be done to memory.
#pragma once

#include <cstdint>

namespace uffdsim {

enum class Access : std::uint8_t { kRead, kWrite, kExec };

}  // namespace uffdsim
