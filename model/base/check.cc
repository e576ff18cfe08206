#include "model/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace uffdsim {
namespace {

thread_local CheckHook hook_of_thread = nullptr;
thread_local void* hook_context = nullptr;

}  // namespace

void SetCheckHook(CheckHook hook, void* context) {
  hook_of_thread = hook;
  hook_context = context;
}

void CheckFailed(const char* expression, const char* file, int line) {
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
