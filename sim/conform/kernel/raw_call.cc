#include "sim/conform/kernel/raw_call.h"

#include <sched.h>
#include <signal.h>

namespace uffdsim {
namespace {

constexpr unsigned long kThreadFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                                       CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID;

// The new thread starts behind the system call with nothing but its stack, so the function and its
// argument wait on it.
void** StackOf(void* top, void (*run)(void*), void* argument) {
  void** stack = static_cast<void**>(top) - 2;
  stack[0] = reinterpret_cast<void*>(run);
  stack[1] = argument;
  return stack;
}

}  // namespace

#if defined(__x86_64__)
std::int64_t StartBareThread(void* stack_top, void (*run)(void*), void* argument, void* alive) {
  void** stack = StackOf(stack_top, run, argument);
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
}
#elif defined(__aarch64__)
std::int64_t StartBareThread(void* stack_top, void (*run)(void*), void* argument, void* alive) {
  void** stack = StackOf(stack_top, run, argument);
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
}
#elif defined(__riscv)
std::int64_t StartBareThread(void* stack_top, void (*run)(void*), void* argument, void* alive) {
  void** stack = StackOf(stack_top, run, argument);
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
}
#elif defined(__s390x__)
std::int64_t StartBareThread(void* stack_top, void (*run)(void*), void* argument, void* alive) {
  void** stack = StackOf(stack_top, run, argument);
  // The stack comes first; a function finds room for its caller's registers below its own frame.
  register std::int64_t r1 asm("r1") = SYS_clone;
  register std::int64_t r2 asm("r2") = reinterpret_cast<std::int64_t>(stack);
  register std::int64_t r3 asm("r3") = static_cast<std::int64_t>(kThreadFlags);
  register std::int64_t r4 asm("r4") = 0;
  register void* r5 asm("r5") = alive;
  register std::int64_t r6 asm("r6") = 0;
  asm volatile(
      "svc 0\n\t"
      "ltgr %%r2, %%r2\n\t"
      "jnz 1f\n\t"
      "lg %%r1, 0(%%r15)\n\t"
      "lg %%r2, 8(%%r15)\n\t"
      "aghi %%r15, -160\n\t"
      "xc 0(8,%%r15), 0(%%r15)\n\t"
      "basr %%r14, %%r1\n\t"
      ".short 0\n\t"
      "1:"
      : "+d"(r1), "+d"(r2)
      : "d"(r3), "d"(r4), "d"(r5), "d"(r6)
      : "cc", "memory");
  return r2;
}
#elif defined(__powerpc64__)
std::int64_t StartBareThread(void* stack_top, void (*run)(void*), void* argument, void* alive) {
  void** stack = StackOf(stack_top, run, argument);
  register std::int64_t r0 asm("r0") = SYS_clone;
  register std::int64_t r3 asm("r3") = static_cast<std::int64_t>(kThreadFlags);
  register void** r4 asm("r4") = stack;
  register std::int64_t r5 asm("r5") = 0;
  register std::int64_t r6 asm("r6") = 0;
  register void* r7 asm("r7") = alive;
  asm volatile(
      "sc\n\t"
      "bns+ 2f\n\t"
      "neg 3, 3\n\t"
      "2: cmpdi 3, 0\n\t"
      "bne 1f\n\t"
      "ld 12, 0(1)\n\t"
      "ld 3, 8(1)\n\t"
      "li 0, 0\n\t"
      "stdu 0, -32(1)\n\t"
      "mtctr 12\n\t"
      "bctrl\n\t"
      "trap\n\t"
      "1:"
      : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
      :
      : "r8", "r9", "r10", "r11", "r12", "cr0", "ctr", "xer", "memory");
  return r3;
}
#elif defined(__loongarch64)
std::int64_t StartBareThread(void* stack_top, void (*run)(void*), void* argument, void* alive) {
  void** stack = StackOf(stack_top, run, argument);
  register std::int64_t a7 asm("a7") = SYS_clone;
  register std::int64_t a0 asm("a0") = static_cast<std::int64_t>(kThreadFlags);
  register void** a1 asm("a1") = stack;
  register std::int64_t a2 asm("a2") = 0;
  register void* a3 asm("a3") = alive;
  register std::int64_t a4 asm("a4") = 0;
  asm volatile(
      "syscall 0\n\t"
      "bnez $a0, 1f\n\t"
      "ld.d $t0, $sp, 0\n\t"
      "ld.d $a0, $sp, 8\n\t"
      "addi.d $sp, $sp, 16\n\t"
      "jirl $ra, $t0, 0\n\t"
      "break 0\n\t"
      "1:"
      : "+r"(a0)
      : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4)
      : "$t0", "$t1", "$t2", "$t3", "$t4", "$t5", "$t6", "$t7", "$t8", "memory");
  return a0;
}
#endif

std::int64_t RawFork() {
#if defined(__s390x__)
  return RawCall(SYS_clone, 0, CLONE_PARENT | SIGCHLD, 0, 0, 0);
#else
  return RawCall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
#endif
}

void EndThread() {
  for (;;) RawCall(SYS_exit, 0);
}

void EndProcess(int code) {
  for (;;) RawCall(SYS_exit_group, code);
}

}  // namespace uffdsim
