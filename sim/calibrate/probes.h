// The measurements themselves, one function each.
//
// Owned by: nothing; each probe makes what it needs and releases it.
// Errors: Unimplemented when the kernel lacks what is measured, PermissionDenied when it is not
//   allowed, Unavailable for anything else. Units: nanoseconds of one repetition; bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace uffdsim {

struct Bench {
  std::size_t bytes = 0;       // of the memory to work on; a multiple of 2 MiB
  std::size_t page_bytes = 0;  // of the host
  std::map<std::string, double, std::less<>> found;  // medians so far, in nanoseconds

  std::size_t pages() const { return bytes / page_bytes; }
  double Found(std::string_view cost) const {
    const auto at = found.find(cost);
    return at == found.end() ? 0 : at->second;
  }
};

struct Probe {
  std::string_view cost;
  std::string_view how;
  absl::StatusOr<double> (*run)(const Bench&);
};
std::span<const Probe> Probes();

#define PROBE(function, cost, how) absl::StatusOr<double> Probe##function(const Bench& bench);
#include "sim/calibrate/probes.def"

// Nanoseconds of CPU time that body() takes, so that other programs do not count.
double TimeNs(const std::function<void()>& body);
// Nanoseconds until body() returns: for threads that wait for each other.
double WallNs(const std::function<void()>& body);

}  // namespace uffdsim
