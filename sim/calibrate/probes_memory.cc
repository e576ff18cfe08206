// Probes that need no userfaultfd: faults, holes, copies, flushes.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <ctime>
#include <thread>
#include <vector>

#include "sim/calibrate/memory.h"
#include "sim/calibrate/probes.h"

namespace uffdsim {
namespace {

// A memfd whose pages all exist, and a mapping of it that maps none of them.
struct Populated {
  Descriptor memfd;
  MappedMemory mapping;
};

absl::StatusOr<Populated> Populate(const Bench& bench) {
  absl::StatusOr<Descriptor> memfd = NewMemfd(bench.bytes);
  if (!memfd.ok()) return memfd.status();
  {
    const absl::StatusOr<MappedMemory> io = MapShared(*memfd, bench.bytes);
    if (!io.ok()) return io.status();
    io->WriteEachPage(bench.page_bytes);
  }
  absl::StatusOr<MappedMemory> mapping = MapShared(*memfd, bench.bytes);
  if (!mapping.ok()) return mapping.status();
  return Populated{*std::move(memfd), *std::move(mapping)};
}

double PerPage(const Bench& bench, double ns) { return ns / static_cast<double>(bench.pages()); }

// What is left of a measurement after its known parts.
double Less(double ns, double parts) { return std::max(ns - parts, 0.0); }

double MprotectNs(const MappedMemory& page, int times) {
  return TimeNs([&] {
           for (int i = 0; i < times; ++i) {
             static_cast<volatile char*>(page.at())[0] = 1;
             mprotect(page.at(), page.bytes(), PROT_READ);
             mprotect(page.at(), page.bytes(), PROT_READ | PROT_WRITE);
           }
         }) /
         times;
}

}  // namespace

double TimeNs(const std::function<void()>& body) {
  const auto now_ns = [] {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
  };
  const double begin_ns = now_ns();
  body();
  return now_ns() - begin_ns;
}

double WallNs(const std::function<void()>& body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

absl::StatusOr<double> ProbeSyscall(const Bench&) {
  constexpr int kTimes = 100'000;
  return TimeNs([] {
           for (int i = 0; i < kTimes; ++i) syscall(SYS_getppid);
         }) /
         kTimes;
}

absl::StatusOr<double> ProbeZeroFillFault(const Bench& bench) {
  const absl::StatusOr<Descriptor> memfd = NewMemfd(bench.bytes);
  if (!memfd.ok()) return memfd.status();
  const absl::StatusOr<MappedMemory> mapping = MapShared(*memfd, bench.bytes);
  if (!mapping.ok()) return mapping.status();
  return PerPage(bench, TimeNs([&] { mapping->WriteEachPage(bench.page_bytes); }));
}

absl::StatusOr<double> ProbeMinorFault(const Bench& bench) {
  const absl::StatusOr<Populated> memory = Populate(bench);
  if (!memory.ok()) return memory.status();
  return PerPage(bench, TimeNs([&] { memory->mapping.WriteEachPage(bench.page_bytes); }));
}

absl::StatusOr<double> ProbeUnmapPage(const Bench& bench) {
  const absl::StatusOr<Populated> memory = Populate(bench);
  if (!memory.ok()) return memory.status();
  memory->mapping.WriteEachPage(bench.page_bytes);
  int error = 0;
  const double ns =
      TimeNs([&] { error = madvise(memory->mapping.at(), bench.bytes, MADV_DONTNEED); });
  if (error != 0) return SystemError("MADV_DONTNEED");
  return PerPage(bench, ns);
}

absl::StatusOr<double> ProbePunchPage(const Bench& bench) {
  const absl::StatusOr<Populated> memory = Populate(bench);
  if (!memory.ok()) return memory.status();
  memory->mapping.WriteEachPage(bench.page_bytes);
  int error = 0;
  const double ns = TimeNs([&] {
    error = fallocate(memory->memfd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                      static_cast<off_t>(bench.bytes));
  });
  if (error != 0) return SystemError("fallocate");
  return PerPage(bench, ns);
}

absl::StatusOr<double> ProbePunchCall(const Bench& bench) {
  const absl::StatusOr<Populated> memory = Populate(bench);
  if (!memory.ok()) return memory.status();
  memory->mapping.WriteEachPage(bench.page_bytes);
  const std::size_t calls = std::min<std::size_t>(bench.pages(), 2048);
  int error = 0;
  const double ns = TimeNs([&] {
    for (std::size_t i = 0; i < calls; ++i) {
      error |=
          fallocate(memory->memfd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                    static_cast<off_t>(i * bench.page_bytes), static_cast<off_t>(bench.page_bytes));
    }
  });
  if (error != 0) return SystemError("fallocate");
  return Less(ns / static_cast<double>(calls), bench.Found("punch_page") + bench.Found("syscall"));
}

absl::StatusOr<double> ProbePagemapPage(const Bench& bench) {
  constexpr std::size_t kEntries = 4096;
  const absl::StatusOr<Populated> memory = Populate(bench);
  if (!memory.ok()) return memory.status();
  memory->mapping.WriteEachPage(bench.page_bytes);
  const Descriptor pagemap(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  if (pagemap.get() < 0) return SystemError("/proc/self/pagemap");
  std::vector<std::uint64_t> entries(kEntries);
  const std::uint64_t first = memory->mapping.address() / bench.page_bytes;
  bool complete = true;
  const double ns = TimeNs([&] {
    for (std::size_t page = 0; page < bench.pages(); page += kEntries) {
      const std::size_t want = std::min(kEntries, bench.pages() - page) * sizeof(std::uint64_t);
      const ssize_t read = pread(pagemap.get(), entries.data(), want,
                                 static_cast<off_t>((first + page) * sizeof(std::uint64_t)));
      complete &= read == static_cast<ssize_t>(want);
    }
  });
  if (!complete) return SystemError("pread of /proc/self/pagemap");
  return PerPage(bench, ns);
}

absl::StatusOr<double> ProbeMemcpyPage(const Bench& bench) {
  const absl::StatusOr<Populated> from = Populate(bench);
  const absl::StatusOr<Populated> to = Populate(bench);
  if (!from.ok()) return from.status();
  if (!to.ok()) return to.status();
  from->mapping.WriteEachPage(bench.page_bytes);
  to->mapping.WriteEachPage(bench.page_bytes);
  return PerPage(bench,
                 TimeNs([&] { std::memcpy(to->mapping.at(), from->mapping.at(), bench.bytes); }));
}

absl::StatusOr<double> ProbeHashPage(const Bench& bench) {
  const absl::StatusOr<Populated> memory = Populate(bench);
  if (!memory.ok()) return memory.status();
  memory->mapping.WriteEachPage(bench.page_bytes);
  volatile std::uint64_t kept = 0;
  const double ns = TimeNs([&] {
    std::uint64_t lanes[4] = {1, 2, 3, 4};
    for (std::size_t at = 0; at < bench.bytes; at += sizeof lanes) {
      std::uint64_t words[4];
      std::memcpy(words, memory->mapping.at() + at, sizeof words);
      for (int i = 0; i < 4; ++i) lanes[i] = (lanes[i] ^ words[i]) * 0x9e3779b97f4a7c15ULL;
    }
    kept = lanes[0] ^ lanes[1] ^ lanes[2] ^ lanes[3];
  });
  return PerPage(bench, ns);
}

absl::StatusOr<double> ProbeTlbFlush(const Bench& bench) {
  constexpr int kTimes = 2000;
  if (std::thread::hardware_concurrency() < 2) {
    return absl::UnimplementedError("one CPU has nobody to flush");
  }
  const absl::StatusOr<Descriptor> memfd = NewMemfd(bench.page_bytes);
  if (!memfd.ok()) return memfd.status();
  const absl::StatusOr<MappedMemory> page = MapShared(*memfd, bench.page_bytes);
  if (!page.ok()) return page.status();
  const double alone = MprotectNs(*page, kTimes);
  std::atomic<bool> stop{false};
  std::atomic<bool> running{false};
  std::thread other([&] {
    running = true;
    while (!stop) {
    }
  });
  while (!running) {
  }
  const double watched = MprotectNs(*page, kTimes);
  stop = true;
  other.join();
  // Only taking a permission away flushes.
  if (watched < alone * 1.05) {
    return absl::UnavailableError("no remote flush was seen: the machine is too busy");
  }
  return watched - alone;
}

}  // namespace uffdsim
