// Always-on checks for defects of the simulator itself (never for modelled kernel behaviour, bad
// input or invariant violations, which are values).
#pragma once

namespace uffdsim {

// Prints the message with its place and exits with status 3 (simulator bug).
[[noreturn]] void CheckFailed(const char* expression, const char* file, int line);

// A hook that CheckFailed calls before it exits, so that the running machine can print its last
// events. Not owned; null when none. One per thread.
using CheckHook = void (*)(void* context);
void SetCheckHook(CheckHook hook, void* context);

}  // namespace uffdsim

#define UFFDSIM_CHECK(expression)                       \
  (static_cast<bool>(expression) ? static_cast<void>(0) \
                                 : ::uffdsim::CheckFailed(#expression, __FILE__, __LINE__))
