// Rate and remaining time of long work, on a terminal; nothing on a pipe.
//
// Rules:   one line on standard error, rewritten at most ten times a second and wiped at the end.
//          Figures are of this run: work that was found done already does not count as fast.
// Owned by: the caller; one thread at a time. Errors: none.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace uffdsim {

class Progress {
 public:
  // `what`: the work, and `unit`: what is counted, in the plural ("runs").
  Progress(std::string what, std::string unit);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void Show(std::size_t done, std::size_t all);

 private:
  using Clock = std::chrono::steady_clock;

  std::string what_;
  std::string unit_;
  bool terminal_;
  bool shown_ = false;
  std::size_t first_done_ = 0;  // done at the first call, less the piece that it reports
  bool began_ = false;
  Clock::time_point begin_;
  Clock::time_point last_;
};

}  // namespace uffdsim
