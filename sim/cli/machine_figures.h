// What the machine spent on a command: time and memory, for `machine` in results.
//
// Owned by: a value. Errors: none. Units: ns, bytes.
#pragma once

#include <chrono>
#include <cstdint>

namespace uffdsim {

class Stopwatch {
 public:
  Stopwatch();
  std::uint64_t WallNs() const;
  std::uint64_t CpuNs() const;  // user and system time of all threads

 private:
  std::chrono::steady_clock::time_point begin_;
  std::uint64_t cpu_begin_ns_;
};

std::uint64_t PeakRssBytes();

}  // namespace uffdsim
