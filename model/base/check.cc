#include "model/base/check.h"

#include <cstdio>
#include <cstdlib>

#include "model/base/check_trap.h"

namespace uffdsim {
namespace {

thread_local CheckHook hook_of_thread = nullptr;
thread_local void* hook_context = nullptr;
thread_local bool trapped = false;

}  // namespace

void SetCheckHook(CheckHook hook, void* context) {
  hook_of_thread = hook;
  hook_context = context;
}

CheckTrap::CheckTrap() : outer_(trapped) { trapped = true; }
CheckTrap::~CheckTrap() { trapped = outer_; }

void CheckFailed(const char* expression, const char* file, int line) {
  if (trapped) throw CheckFailure{expression, file, line};
  std::fprintf(stderr, "uffdsim: simulator bug: %s does not hold (%s:%d)\n", expression, file,
               line);
  if (hook_of_thread != nullptr) {
    const CheckHook hook = hook_of_thread;
    hook_of_thread = nullptr;  // A failing hook must not call itself.
    hook(hook_context);
  }
  std::fflush(stderr);
  std::_Exit(3);
}

}  // namespace uffdsim
