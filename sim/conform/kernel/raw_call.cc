#include "sim/conform/kernel/raw_call.h"

#include <sched.h>
#include <signal.h>

namespace uffdsim {
namespace {

constexpr unsigned long kThreadFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                                       CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID;

}  // namespace

// The new thread starts behind the system call with nothing but its stack, so the function and its
// argument wait on it.
std::int64_t StartBareThread(void* stack_top, void (*run)(void*), void* argument, void* alive) {
  void** stack = static_cast<void**>(stack_top) - 2;
  stack[0] = reinterpret_cast<void*>(run);
  stack[1] = argument;
#if defined(__x86_64__)
  std::int64_t result = SYS_clone;
  register void* r10 asm("r10") = alive;
  register std::int64_t r8 asm("r8") = 0;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "pop %%rax\n\t"
      "pop %%rdi\n\t"
      "call *%%rax\n\t"
      "ud2\n\t"
      "1:"
      : "+a"(result)
      : "D"(kThreadFlags), "S"(stack), "d"(0), "r"(r10), "r"(r8)
      : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register std::int64_t x8 asm("x8") = SYS_clone;
  register std::int64_t x0 asm("x0") = static_cast<std::int64_t>(kThreadFlags);
  register void** x1 asm("x1") = stack;
  register std::int64_t x2 asm("x2") = 0;
  register std::int64_t x3 asm("x3") = 0;
  register void* x4 asm("x4") = alive;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, xzr\n\t"
      "ldp x1, x0, [sp], #16\n\t"
      "blr x1\n\t"
      "brk #1\n\t"
      "1:"
      : "+r"(x0)
      : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
      : "memory");
  return x0;
#elif defined(__riscv)
  register std::int64_t a7 asm("a7") = SYS_clone;
  register std::int64_t a0 asm("a0") = static_cast<std::int64_t>(kThreadFlags);
  register void** a1 asm("a1") = stack;
  register std::int64_t a2 asm("a2") = 0;
  register std::int64_t a3 asm("a3") = 0;
  register void* a4 asm("a4") = alive;
  asm volatile(
      "ecall\n\t"
      "bnez a0, 1f\n\t"
      "ld a1, 0(sp)\n\t"
      "ld a0, 8(sp)\n\t"
      "addi sp, sp, 16\n\t"
      "jalr a1\n\t"
      "ebreak\n\t"
      "1:"
      : "+r"(a0)
      : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4)
      : "memory");
  return a0;
#endif
}

std::int64_t RawFork() { return RawCall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0); }

void EndThread() {
  for (;;) RawCall(SYS_exit, 0);
}

void EndProcess(int code) {
  for (;;) RawCall(SYS_exit_group, code);
}

}  // namespace uffdsim
