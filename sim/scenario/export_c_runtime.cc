// The part of an exported program that is the same in all of them.
#include "sim/scenario/export_c.h"

namespace uffdsim {
namespace {

constexpr std::string_view kRuntime = R"runtime(#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SLOTS 512
#define SETTINGS 64
#pragma GCC diagnostic ignored "-Wunused-function" /* a program needs some of what follows */
/* Numbers of Linux 7.3 that older headers lack. */
struct protect { struct uffdio_range range; uint64_t mode; };
struct fill { struct uffdio_range range; uint64_t mode; int64_t out; };
struct copy { uint64_t dst, src, len, mode; int64_t out; };
struct set_mode { uint64_t enable, disable; };
struct region { uint64_t start, end, categories; };
struct scan_arg {
  uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
  uint64_t inverted, mask, anyof, returned;
};
#define CALL_COPY _IOWR(0xAA, 0x03, struct copy)
#define CALL_ZEROPAGE _IOWR(0xAA, 0x04, struct fill)
#define CALL_MOVE _IOWR(0xAA, 0x05, struct copy)
#define CALL_WRITEPROTECT _IOWR(0xAA, 0x06, struct protect)
#define CALL_CONTINUE _IOWR(0xAA, 0x07, struct fill)
#define CALL_POISON _IOWR(0xAA, 0x08, struct fill)
#define CALL_RWPROTECT _IOWR(0xAA, 0x09, struct protect)
#define CALL_SET_MODE _IOW(0xAA, 0x0A, struct set_mode)
#define CALL_SCAN _IOWR('f', 16, struct scan_arg)

/* What all processes share: who is where, and what has ended. */
struct shared {
  volatile int wanted[SLOTS]; /* operation that a process shall start, plus one */
  volatile int done[SLOTS], thread[SLOTS], process_of[SLOTS];
  volatile pid_t pid[64];
  struct { char path[128], value[64]; } before[SETTINGS]; /* settings as they were */
  volatile int settings;
};
static struct shared *shared;
static __thread sigjmp_buf fault;
static __thread volatile int may_fault;

static void say(int i, const char *text, const char *what, long value) {
  char line[256];
  int n = snprintf(line, sizeof line, "[%3d] %-44s %s %ld\n", i, text, what, value);
  if (write(1, line, (size_t)n) < 0) _exit(9);
}
/* 0 or a count, or -1 with errno. */
static void answer(int i, const char *text, long result) {
  if (result < 0) say(i, text, strerrorname_np(errno), result);
  else say(i, text, "ok", result);
}
static void on_fault(int number, siginfo_t *info, void *context) {
  (void)context;
  if (!may_fault) _exit(8);
  siglongjmp(fault, number * 256 + info->si_code);
}
/* Remembers what a file said first: "always [madvise] never" says madvise. */
static void remember(const char *path) {
  char text[64] = "", *open_bracket, *close_bracket;
  int file = open(path, O_RDONLY), n = shared->settings;
  if (file < 0) return;
  if (n == SETTINGS || read(file, text, sizeof text - 1) <= 0) n = -1;
  close(file);
  for (int k = 0; k < n; ++k) if (!strcmp(shared->before[k].path, path)) return;
  if (n < 0) return;
  open_bracket = strchr(text, '[');
  close_bracket = strchr(text, ']');
  if (close_bracket) *close_bracket = 0;
  snprintf(shared->before[n].path, sizeof shared->before[n].path, "%s", path);
  snprintf(shared->before[n].value, sizeof shared->before[n].value, "%s",
           open_bracket && close_bracket ? open_bracket + 1 : text);
  shared->settings = n + 1;
}
static long put(const char *path, const char *value) {
  int file = open(path, O_WRONLY), error;
  long n = file < 0 ? -1 : write(file, value, strlen(value));
  error = errno;
  if (file >= 0) close(file);
  errno = error;
  return n;
}
static void write_file(int i, const char *text, const char *path, const char *value) {
  remember(path);
  answer(i, text, put(path, value));
}
/* What the scenario takes for given of the machine. */
static void set(const char *path, const char *value) {
  remember(path);
  if (put(path, value) < 0 && errno != ENOENT) {
    fprintf(stderr, "%s cannot be set to %s: %s\n", path, value, strerror(errno));
  }
}
static void put_back(void) {
  for (int k = shared->settings; k-- > 0;) put(shared->before[k].path, shared->before[k].value);
}
/* Bytes, one of each page. `how`: r read, w write, a add; k and K by the kernel, g and G by
 * process_vm_*, p and P by /proc/self/mem. */
static void touch(int i, const char *text, char how, uint64_t start, uint64_t pages, int value,
                  pid_t of) {
  int ends[2] = {-1, -1}, mem = how == 'p' || how == 'P' ? open("/proc/self/mem", O_RDWR) : -1;
  volatile uint64_t done = 0;
  int code;
  if ((how == 'k' || how == 'K') && pipe(ends) < 0) return answer(i, text, -1);
  if ((code = sigsetjmp(fault, 1)) != 0) {
    may_fault = 0;
    say(i, text, code / 256 == SIGBUS ? "SIGBUS" : "SIGSEGV", (long)done);
    return;
  }
  for (; done < pages; ++done) {
    unsigned char byte = (unsigned char)value;
    unsigned char *place = (unsigned char *)(start + done * PAGE);
    struct iovec ours = {&byte, 1}, theirs = {place, 1};
    long n = 1;
    may_fault = 1;
    switch (how) {
      case 'r': byte = *(volatile unsigned char *)place; break;
      case 'w': *(volatile unsigned char *)place = byte; break;
      case 'a': {
        unsigned char old = __atomic_load_n(place, __ATOMIC_SEQ_CST);
        while (!__atomic_compare_exchange_n(place, &old, (unsigned char)(old + value), 0,
                                            __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {}
        byte = old;
        break;
      }
      case 'k': n = write(ends[1], place, 1); if (n > 0) n = read(ends[0], &byte, 1); break;
      case 'K': n = write(ends[1], &byte, 1); if (n > 0) n = read(ends[0], place, 1); break;
      case 'g': n = process_vm_readv(of, &ours, 1, &theirs, 1, 0); break;
      case 'G': n = process_vm_writev(of, &ours, 1, &theirs, 1, 0); break;
      case 'p': n = pread(mem, &byte, 1, (off_t)(uintptr_t)place); break;
      case 'P': n = pwrite(mem, &byte, 1, (off_t)(uintptr_t)place); break;
    }
    may_fault = 0;
    if (n != 1) break;
    if (strchr("rakgp", how)) say(i, text, "byte", byte);
  }
  answer(i, text, done == pages ? (long)done : -1);
}
static void messages(int i, const char *text, int uffd, int *child) {
  struct uffd_msg m;
  while (read(uffd, &m, sizeof m) == sizeof m) {
    if (m.event == UFFD_EVENT_PAGEFAULT) {
      printf("[%3d] %-44s page fault at %#llx flags %#llx\n", i, text,
             (unsigned long long)m.arg.pagefault.address,
             (unsigned long long)m.arg.pagefault.flags);
    } else if (m.event == UFFD_EVENT_FORK) {
      *child = (int)m.arg.fork.ufd;
      printf("[%3d] %-44s fork\n", i, text);
    } else {
      printf("[%3d] %-44s event %#x %#llx %#llx\n", i, text, m.event,
             (unsigned long long)m.arg.remap.from, (unsigned long long)m.arg.remap.to);
    }
    fflush(stdout);
  }
  answer(i, text, 0);
}
static void *source(uint64_t bytes, int value) {
  void *at = mmap(NULL, bytes ? bytes : PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                  -1, 0);
  if (at != MAP_FAILED) memset(at, value, bytes ? bytes : PAGE);
  return at;
}
static void scan(int i, const char *text, struct scan_arg arg) {
  static struct region regions[4096];
  int file = open("/proc/self/pagemap", O_RDONLY);
  if (arg.vec_len > 4096) arg.vec_len = 4096;
  arg.vec = arg.vec_len ? (uint64_t)(uintptr_t)regions : 0;
  long n = ioctl(file, CALL_SCAN, &arg);
  for (long r = 0; arg.vec_len && r < n; ++r) {
    printf("[%3d] %-44s %#llx..%#llx categories %#llx\n", i, text,
           (unsigned long long)regions[r].start, (unsigned long long)regions[r].end,
           (unsigned long long)regions[r].categories);
  }
  fflush(stdout);
  answer(i, text, n);
  close(file);
}
/* pagemap and categories of every page of the regions, in the letters of the scenario language. */
static void letters_of(int file, uint64_t at, char *letters) {
  static const int bits[] = {63, 62, 61, 57, 55, 56, 58};
  uint64_t word = 0;
  struct region region = {0};
  struct scan_arg arg = {sizeof arg, 0, at, at + PAGE, 0, (uint64_t)(uintptr_t)&region, 1, 0,
                         0, 0, 0, 0x3ff};
  if (pread(file, &word, 8, (off_t)(at / PAGE * 8)) != 8) word = 0;
  /* Older kernels do not know the newest categories. */
  while (ioctl(file, CALL_SCAN, &arg) < 0 && arg.returned) arg.returned >>= 1;
  for (int k = 0; k < 7; ++k) letters[k] = word >> bits[k] & 1 ? "PSFUDXG"[k] : '-';
  letters[7] = ' ';
  for (int k = 0; k < 10; ++k) letters[8 + k] = region.categories >> k & 1 ? "awfpszhdgA"[k] : '-';
  letters[18] = 0;
}
static void observe(int i) {
  int file = open("/proc/self/pagemap", O_RDONLY);
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[512];
  while (maps && fgets(line, sizeof line, maps)) {
    unsigned long start, end, run;
    if (sscanf(line, "%lx-%lx", &start, &end) != 2 || start < BASE || start >= TOP) continue;
    for (; start < end; start = run) {
      char letters[32], next[32];
      letters_of(file, start, letters);
      for (run = start + PAGE; run < end; run += PAGE) {
        letters_of(file, run, next);
        if (strcmp(letters, next)) break;
      }
      printf("[%3d] %s %lu+%lu pagemap %s\n", i, regions[(start - BASE) / REGION],
             (start - BASE) % REGION / PAGE, (run - start) / PAGE, letters);
    }
  }
  fflush(stdout);
  if (maps) fclose(maps);
  close(file);
}

static void perform(int i);

static void serve(int process);
static void *run(void *argument) {
  int i = (int)(intptr_t)argument;
  shared->process_of[i] = process_of[i];
  shared->thread[i] = (int)syscall(SYS_gettid);
  perform(i);
  shared->done[i] = 1;
  return NULL;
}
static void start(int i) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, run, (void *)(intptr_t)i) == 0) pthread_detach(thread);
}
/* The C library's fork() holds locks while EVENT_FORK is pending: the system call itself. */
static void fork_to(int i, const char *text, int process) {
  long child = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) serve(process);
  if (child > 0) shared->pid[process] = (pid_t)child;
  answer(i, text, child < 0 ? -1 : 0);
}
static void serve(int process) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;; usleep(500)) {
    int wanted = shared->wanted[process];
    if (wanted == 0) continue;
    shared->wanted[process] = 0;
    start(wanted - 1);
  }
}
/* Until the operation has ended or sleeps in a userfaultfd wait. */
static void wait_for(int i) {
  for (int tries = 0; tries < 5000 && !shared->done[i]; ++tries) {
    char path[64], where[64] = "";
    usleep(1000);
    snprintf(path, sizeof path, "/proc/%d/task/%d/wchan", (int)shared->pid[process_of[i]],
             shared->thread[i]);
    int file = open(path, O_RDONLY);
    if (file < 0) continue;
    ssize_t n = read(file, where, sizeof where - 1);
    close(file);
    if (n <= 0 || (strcmp(where, "handle_userfault") &&
                   strcmp(where, "userfaultfd_event_wait_completion"))) continue;
    say(i, "", where, 0);
    return;
  }
}
static void share(void) {
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}
static void run_all(int count) {
  struct sigaction action = {0};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  pid_t first = fork();
  if (first == 0) serve(0);
  shared->pid[0] = first;
  for (int i = 0; i < count; ++i) {
    shared->wanted[process_of[i]] = i + 1;
    wait_for(i);
    usleep(2000); /* those that it woke */
  }
  for (int p = 0; p < 64; ++p) {
    if (shared->pid[p] > 0) kill(shared->pid[p], SIGKILL);
  }
}
)runtime";

}  // namespace

std::string_view ExportedRuntime() { return kRuntime; }

}  // namespace uffdsim
