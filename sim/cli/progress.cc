#include "sim/cli/progress.h"

#include <unistd.h>

#include <cmath>
#include <iostream>
#include <utility>

#include "absl/strings/str_format.h"

namespace uffdsim {
namespace {

std::string Seconds(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::ceil(seconds));
  if (whole >= 3600) return absl::StrFormat("%d h %d min", whole / 3600, whole % 3600 / 60);
  if (whole >= 60) return absl::StrFormat("%d min %d s", whole / 60, whole % 60);
  return absl::StrFormat("%d s", whole);
}

}  // namespace

Progress::Progress(std::string what, std::string unit)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      terminal_(isatty(STDERR_FILENO) == 1),
      begin_(Clock::now()) {}

Progress::~Progress() {
  if (shown_) std::cerr << "\r\x1b[K" << std::flush;
}

void Progress::Show(std::size_t done, std::size_t all) {
  if (!terminal_) return;
  if (!began_) {
    began_ = true;
    first_done_ = done == 0 ? 0 : done - 1;
  }
  const Clock::time_point now = Clock::now();
  if (shown_ && now - last_ < std::chrono::milliseconds(100)) return;
  shown_ = true;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  const double rate = static_cast<double>(done - first_done_) / seconds;
  std::cerr << absl::StrFormat("\r\x1b[K%s: %d of %d %s", what_, done, all, unit_);
  if (rate > 0) {
    std::cerr << absl::StrFormat(", %.1f a second, %s left", rate,
                                 Seconds(static_cast<double>(all - done) / rate));
  }
  std::cerr << std::flush;
}

}  // namespace uffdsim
