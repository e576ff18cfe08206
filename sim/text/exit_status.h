// How every command of the program ends.
#pragma once

namespace uffdsim {

inline constexpr int kExitClean = 0;
inline constexpr int kExitFound = 1;         // a violation, a divergence, an expectation that fails
inline constexpr int kExitBadInput = 2;      // or a kernel that cannot be reached, hung or crashed
inline constexpr int kExitSimulatorBug = 3;  // a check of the simulator itself failed

}  // namespace uffdsim
