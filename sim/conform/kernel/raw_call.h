// System calls without the C library: no errno, no locks, no thread state.
//
// Operations run in bare threads that share the agent's C library state, and a process that forks
// in the middle of one must be able to go on. So nothing here touches thread-local storage.
// Mirrors: arch/*/entry: the register conventions of system calls and of clone().
// Errors:  a call answers -errno, as the kernel does.
#pragma once

#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

namespace uffdsim {

template <class T>
std::int64_t CallWord(T value) {
  if constexpr (requires { reinterpret_cast<std::int64_t>(value); }) {
    return reinterpret_cast<std::int64_t>(value);
  } else {
    return static_cast<std::int64_t>(value);
  }
}
inline std::int64_t CallWord(std::nullptr_t) { return 0; }

#if defined(__x86_64__)
inline std::int64_t RawCall6(std::int64_t number, std::int64_t a, std::int64_t b, std::int64_t c,
                             std::int64_t d, std::int64_t e, std::int64_t f) {
  std::int64_t result = 0;
  register std::int64_t r10 asm("r10") = d;
  register std::int64_t r8 asm("r8") = e;
  register std::int64_t r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
inline std::int64_t RawCall6(std::int64_t number, std::int64_t a, std::int64_t b, std::int64_t c,
                             std::int64_t d, std::int64_t e, std::int64_t f) {
  register std::int64_t x8 asm("x8") = number;
  register std::int64_t x0 asm("x0") = a;
  register std::int64_t x1 asm("x1") = b;
  register std::int64_t x2 asm("x2") = c;
  register std::int64_t x3 asm("x3") = d;
  register std::int64_t x4 asm("x4") = e;
  register std::int64_t x5 asm("x5") = f;
  asm volatile("svc #0"
               : "+r"(x0)
               : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
               : "memory");
  return x0;
}
#elif defined(__riscv)
inline std::int64_t RawCall6(std::int64_t number, std::int64_t a, std::int64_t b, std::int64_t c,
                             std::int64_t d, std::int64_t e, std::int64_t f) {
  register std::int64_t a7 asm("a7") = number;
  register std::int64_t a0 asm("a0") = a;
  register std::int64_t a1 asm("a1") = b;
  register std::int64_t a2 asm("a2") = c;
  register std::int64_t a3 asm("a3") = d;
  register std::int64_t a4 asm("a4") = e;
  register std::int64_t a5 asm("a5") = f;
  asm volatile("ecall"
               : "+r"(a0)
               : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
               : "memory");
  return a0;
}
#elif defined(__s390x__)
inline std::int64_t RawCall6(std::int64_t number, std::int64_t a, std::int64_t b, std::int64_t c,
                             std::int64_t d, std::int64_t e, std::int64_t f) {
  register std::int64_t r1 asm("r1") = number;
  register std::int64_t r2 asm("r2") = a;
  register std::int64_t r3 asm("r3") = b;
  register std::int64_t r4 asm("r4") = c;
  register std::int64_t r5 asm("r5") = d;
  register std::int64_t r6 asm("r6") = e;
  register std::int64_t r7 asm("r7") = f;
  asm volatile("svc 0"
               : "+d"(r2)
               : "d"(r1), "d"(r3), "d"(r4), "d"(r5), "d"(r6), "d"(r7)
               : "cc", "memory");
  return r2;
}
#elif defined(__powerpc64__)
// An error comes as its positive number with the summary overflow bit.
inline std::int64_t RawCall6(std::int64_t number, std::int64_t a, std::int64_t b, std::int64_t c,
                             std::int64_t d, std::int64_t e, std::int64_t f) {
  register std::int64_t r0 asm("r0") = number;
  register std::int64_t r3 asm("r3") = a;
  register std::int64_t r4 asm("r4") = b;
  register std::int64_t r5 asm("r5") = c;
  register std::int64_t r6 asm("r6") = d;
  register std::int64_t r7 asm("r7") = e;
  register std::int64_t r8 asm("r8") = f;
  asm volatile(
      "sc\n\t"
      "bns+ 1f\n\t"
      "neg 3, 3\n\t"
      "1:"
      : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7), "+r"(r8)
      :
      : "r9", "r10", "r11", "r12", "cr0", "ctr", "xer", "memory");
  return r3;
}
#elif defined(__loongarch64)
inline std::int64_t RawCall6(std::int64_t number, std::int64_t a, std::int64_t b, std::int64_t c,
                             std::int64_t d, std::int64_t e, std::int64_t f) {
  register std::int64_t a7 asm("a7") = number;
  register std::int64_t a0 asm("a0") = a;
  register std::int64_t a1 asm("a1") = b;
  register std::int64_t a2 asm("a2") = c;
  register std::int64_t a3 asm("a3") = d;
  register std::int64_t a4 asm("a4") = e;
  register std::int64_t a5 asm("a5") = f;
  asm volatile("syscall 0"
               : "+r"(a0)
               : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
               : "$t0", "$t1", "$t2", "$t3", "$t4", "$t5", "$t6", "$t7", "$t8", "memory");
  return a0;
}
#else
#error "no system call convention for this architecture"
#endif

// RawCall(SYS_munmap, address, length): integers and pointers, up to six.
template <class... Args>
std::int64_t RawCall(std::int64_t number, Args... args) {
  static_assert(sizeof...(args) <= 6);
  const std::int64_t words[7] = {CallWord(args)..., 0};
  constexpr std::size_t kCount = sizeof...(args);
  const auto word = [&](std::size_t i) { return i < kCount ? words[i] : 0; };
  return RawCall6(number, word(0), word(1), word(2), word(3), word(4), word(5));
}

// mmap(). On s390x the call takes the address of its six arguments.
template <class... Args>
std::int64_t RawMap(Args... args) {
  static_assert(sizeof...(args) == 6);
#if defined(__s390x__)
  const std::int64_t words[6] = {CallWord(args)...};
  return RawCall(SYS_mmap, static_cast<const void*>(words));
#else
  return RawCall(SYS_mmap, args...);
#endif
}

// Starts a thread of this process on `stack_top`; it runs `run(argument)`, which must not return.
// Answers the thread's id or -errno. The thread shares the caller's thread-local storage; the
// kernel clears `alive` when the stack is not in use any more.
std::int64_t StartBareThread(void* stack_top, void (*run)(void*), void* argument, void* alive);

// A child process by clone(): it goes on behind the call with a copy of this very stack. Its parent
// is the caller's parent. Answers 0 in the child, its id in the caller, or -errno.
std::int64_t RawFork();

// The end of this thread, and of this process.
[[noreturn]] void EndThread();
[[noreturn]] void EndProcess(int code);

}  // namespace uffdsim
