#include "sim/cli/machine_figures.h"

#include <sys/resource.h>

namespace uffdsim {
namespace {

std::uint64_t ProcessCpuNs() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ns = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_usec) * 1000;
  };
  return ns(usage.ru_utime) + ns(usage.ru_stime);
}

}  // namespace

Stopwatch::Stopwatch() : begin_(std::chrono::steady_clock::now()), cpu_begin_ns_(ProcessCpuNs()) {}

std::uint64_t Stopwatch::WallNs() const {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::steady_clock::now() - begin_)
                                        .count());
}

std::uint64_t Stopwatch::CpuNs() const { return ProcessCpuNs() - cpu_begin_ns_; }

std::uint64_t PeakRssBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace uffdsim
